package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs: GGUF of families whose layers are not all alike, with scales and error feedback, and of a chosen size. */
class RecentGgufTest {
    /** A family whose weights are multiplied by factors of its configuration. */
    private static final String MULTIPLIED = "falcon-h1-gate-first";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"lfm2-moe", "qwen3-next", "granite4-one-group", "nemotron3-super", "qwen3-vl-moe",
        "gpt-oss-bf16", MULTIPLIED})
    void filesAreReadBackAndScalesWithErrorFeedbackSaveLoss(String name) throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder);
        String statistics;
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            FamilyRun run = new FamilyRun(spark, folder);
            statistics = run.calibrate(model, 8);
            OutputResult whole = run.make(model, statistics, GgufTarget.of(FileType.F32), "whole");
            GgufTarget target = GgufTarget.of(FileType.Q4_0);
            OutputResult plain = run.make(model, statistics, target, "plain");
            OutputResult both = run.make(model, statistics, target.with(new RoundingOptions(true, 4, true, 0.01)), "both");
            List<EvaluateResult.Score> scores = run.evaluate(model, List.of(whole, plain, both));
            // The converter rounds products to the type of the weights, and the model is run with them as they are.
            assertEquals(0, scores.get(0).meanDivergence(), name.equals(MULTIPLIED) ? 1e-8 : 1e-9);
            assertTrue(scores.get(2).meanDivergence() < 0.8 * scores.get(1).meanDivergence(), scores.toString());
        }
        CommandRun sized = CommandRun.of("quantize", "--model", model.toString(), "--to", "gguf:5bpw", "--stats", statistics,
                "--output", folder.resolve("sized").toString(), "--pre-tokenizer", "qwen2", "--master", "local[2]",
                "--allow-types", "Q4_0,Q8_0");
        assertEquals(0, sized.exitCode(), sized.err());
        assertTrue(Files.exists(folder.resolve("sized").resolve(name + "-5bpw.gguf")));
    }

    /** Gate and up rows of gpt-oss take turns in columns; what is clamped between them and the down rows takes no scales. */
    @Test
    void transposedExpertsAreRoundedToTheSameBytesOnAnyCluster() throws IOException {
        Path model = GeneratedCheckpoint.write("gpt-oss-bf16", folder);
        GgufTarget target = GgufTarget.of(FileType.Q4_0).with(new RoundingOptions(true, 4, true, 0.01));
        String statistics;
        OutputResult two;
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            statistics = new FamilyRun(spark, folder).calibrate(model, 8);
            two = new FamilyRun(spark, folder).make(model, statistics, target, "two");
        }
        Map<String, LinearReport> reports = new HashMap<>();
        two.linears().forEach(linear -> reports.put(linear.module(), linear));
        String expert = "model.layers.1.mlp.experts.3.";
        for (String scaled : List.of("gate_proj", "up_proj")) {
            assertTrue(reports.get(expert + scaled).scaleRatio() > 0, reports.toString());
        }
        assertEquals(0, reports.get(expert + "down_proj").scaleRatio());
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            OutputResult four = new FamilyRun(spark, folder).make(model, statistics, target, "four");
            assertEquals(Fixtures.sha256(Path.of(two.location())), Fixtures.sha256(Path.of(four.location())));
        }
    }
}
