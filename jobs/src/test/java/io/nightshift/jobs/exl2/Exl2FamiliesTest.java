package io.nightshift.jobs.exl2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs on architectures with experts, tied embeddings, biases and norms of queries. */
class Exl2FamiliesTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private static Target target(double bits, boolean scaled) {
        return new Exl2Target(bits, 8, BlockError.EXACT, Optional.empty(),
                new RoundingOptions(scaled, 4, true, RoundingOptions.DEFAULT_DAMPING), 1 << 30);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixtral-tied", "qwen3-moe", "qwen3-moe-fused", "llama-bias-sharded", "qwen2.5-yarn", "qwen3",
        "gemma-2"})
    void moreBitsLoseLessWithAndWithoutScales(String name) throws IOException {
        Path model = Fixtures.family(name);
        FamilyRun run = new FamilyRun(spark, folder);
        String statistics = run.calibrate(model, 8);
        List<OutputResult> made = new ArrayList<>();
        for (boolean scaled : new boolean[] {false, true}) {
            QuantizeRequest request = QuantizeRequest.of(model.toString(),
                            List.of(target(7.5, scaled), target(4, scaled)), folder.resolve("out" + scaled).toString())
                    .with(new StatisticsSource.Folder(statistics));
            made.addAll(QuantizeJob.plan(request, FamilyRun.SETTINGS, Progress.NONE).run(spark).outputs());
        }
        List<EvaluateResult.Score> scores = run.evaluate(model, made);
        for (int i = 0; i < scores.size(); i += 2) {
            double many = scores.get(i).meanDivergence();
            double few = scores.get(i + 1).meanDivergence();
            assertTrue(many > 0 && many < few / 4, made.get(i).location() + ": " + many + " and " + few);
        }
    }

    @Test
    void whatExLlamaV2DoesNotKnowOrHasInOnePieceIsRefusedByName() throws IOException {
        for (Map.Entry<String, String> refused : Map.of(
                "gemma-3-text", "does not know the architecture Gemma3ForCausalLM",
                "phi-3", "qkv_proj.weight holds several layers in one").entrySet()) {
            CommandRun run = CommandRun.of("quantize", "--model", Fixtures.family(refused.getKey()).toString(), "--to",
                    "exl2:5", "--calibration", Texts.write(folder.resolve("a.txt"), "a text").toString(), "--output",
                    folder.resolve("refused").toString());
            assertEquals(2, run.exitCode());
            assertTrue(run.err().contains(refused.getValue()), run.err());
            assertEquals(List.of(), Fixtures.files(folder.resolve("refused")));
        }
    }
}
