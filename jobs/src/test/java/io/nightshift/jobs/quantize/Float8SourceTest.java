package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that are published in FP8 are calibrated, evaluated, rounded and packed like others. */
class Float8SourceTest {
    private static final RoundingOptions BOTH = new RoundingOptions(true, 4, true, 0.01);

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

    /** Factors a block, a row and a matrix. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen3-fp8", "llama-fp8-channel", "ministral3-fp8"})
    void runsAndLosesLessByStatistics(String name) throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder);
        FamilyRun run = new FamilyRun(spark, folder);
        String statistics = run.calibrate(model, 8);
        // The converter's own file of that checkpoint holds the numbers that FP8 and its factors stand for, rounded to BF16.
        OutputResult floats = run.make(model, "", GgufTarget.of(FileType.F32), "floats");
        AwqOptions awq = new AwqOptions(AwqFormat.GEMM, 32, false, List.of("o_proj"));
        OutputResult plain = run.make(model, "", new AwqTarget(awq, RoundingOptions.NONE, 1 << 30), "plain");
        OutputResult rounded = run.make(model, statistics, new AwqTarget(awq, BOTH, 1 << 30), "rounded");
        OutputResult plainFile = run.make(model, "", GgufTarget.of(FileType.Q4_0), "plain-file");
        OutputResult roundedFile = run.make(model, statistics, GgufTarget.of(FileType.Q4_0).with(BOTH), "rounded-file");
        List<EvaluateResult.Score> scores =
                run.evaluate(model, List.of(floats, plain, rounded, plainFile, roundedFile));
        assertTrue(scores.get(0).meanDivergence() < 0.05 * scores.get(1).meanDivergence(), scores.toString());
        assertTrue(scores.get(2).meanDivergence() < 0.8 * scores.get(1).meanDivergence(), scores.toString());
        assertTrue(scores.get(4).meanDivergence() < 0.9 * scores.get(3).meanDivergence(), scores.toString());

        for (SafetensorsTensor tensor : Checkpoint.readTensors(new LocalFolder(Path.of(rounded.location())))) {
            assertFalse(tensor.name().contains("_scale"), tensor.name());
            assertFalse(tensor.type() == SafetensorsType.F8_E4M3, tensor.name());
            if (tensor.name().endsWith("o_proj.weight")) {
                assertEquals(SafetensorsType.BF16, tensor.type(), "left out, and dequantized");
            }
        }
        assertEquals("awq", new ObjectMapper().readTree(Path.of(rounded.location(), "config.json").toFile())
                .at("/quantization_config/quant_method").asText());
    }
}
