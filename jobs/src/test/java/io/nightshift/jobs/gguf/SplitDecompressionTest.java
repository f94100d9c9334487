package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One matrix of DeepSeek's attention is two tensors in GGUF: they are read as one, and rounded by importance alone. */
class SplitDecompressionTest {
    private static final String WHOLE = "blk.1.attn_kv_b.weight";
    private static final List<String> PARTS = List.of("blk.1.attn_k_b.weight", "blk.1.attn_v_b.weight");

    /** Heads, and channels of a head of queries that are not rotated, and compressed channels. */
    private static final int HEADS = 4;
    private static final int UNROTATED = 64;
    private static final int RANK = 128;

    @TempDir
    Path folder;

    @Test
    void filesAreReadBackAsTheModelAndRoundedByWhatItsLayersRead() throws IOException {
        Path model = GeneratedCheckpoint.write("glm4.7-flash", folder);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            FamilyRun run = new FamilyRun(spark, folder);
            String statistics = run.calibrate(model, 6);
            partsHaveImportanceAndTheWholeAMatrix(Path.of(statistics));

            GgufTarget target = GgufTarget.of(FileType.Q4_0);
            OutputResult whole = run.make(model, statistics, GgufTarget.of(FileType.BF16), "whole");
            OutputResult plain = run.make(model, "", target, "plain");
            RoundingOptions both = new RoundingOptions(true, 4, true, 0.01);
            OutputResult rounded = run.make(model, statistics, target.with(both), "rounded");
            List<EvaluateResult.Score> scores = run.evaluate(model, List.of(whole, plain, rounded));
            assertEquals(0, scores.get(0).meanDivergence(), 1e-9);
            assertTrue(scores.get(1).meanDivergence() > 0);
            assertTrue(scores.get(2).meanDivergence() < 0.7 * scores.get(1).meanDivergence(), scores.toString());
            List<String> modules = rounded.linears().stream().map(LinearReport::module).toList();
            assertTrue(modules.contains("model.layers.1.self_attn.q_b_proj"), modules.toString());
            assertTrue(modules.stream().noneMatch(module -> module.endsWith("kv_b_proj")), modules.toString());
        }
    }

    private static void partsHaveImportanceAndTheWholeAMatrix(Path statistics) throws IOException {
        LocalFolder stored = new LocalFolder(statistics);
        Imatrix imatrix = ImatrixReader.read(stored, stored.find(CalibrationManifest.IMATRIX).orElseThrow());
        assertTrue(!imatrix.entries().containsKey(WHOLE));
        assertEquals(HEADS * UNROTATED, imatrix.entries().get(PARTS.get(0)).sums().length);
        assertEquals(HEADS * RANK, imatrix.entries().get(PARTS.get(1)).sums().length);
        StatisticsReader reader = StatisticsReader.open(stored);
        assertEquals(RANK * RANK, reader.gram(reader.input(WHOLE, -1)).length);
        InvalidModelException none = assertThrows(
                InvalidModelException.class, () -> reader.gram(reader.input(PARTS.get(0), -1)));
        assertTrue(none.getMessage().contains("has no blk.1.attn_k_b.gram"), none.getMessage());
    }

    @Test
    void statisticsAreTheSameBytesOnAnyCluster() throws Exception {
        Path model = GeneratedCheckpoint.write("deepseek-v2", folder);
        Map<String, String> expected = statistics(SparkCluster.local(1, Map.of()), model, "one");
        assertTrue(expected.size() > 5, expected.toString());
        assertEquals(expected, statistics(SparkCluster.local(4, Map.of()), model, "four"));
        assertEquals(expected, statistics(SparkCluster.twoExecutors(Map.of()), model, "two"));
    }

    private Map<String, String> statistics(JavaSparkContext cluster, Path model, String name) throws IOException {
        try (JavaSparkContext spark = cluster) {
            Path made = Path.of(new FamilyRun(spark, Files.createDirectory(folder.resolve(name))).calibrate(model, 6));
            Map<String, String> digests = new TreeMap<>();
            for (Path file : Fixtures.files(made)) {
                if (file.toString().endsWith(".safetensors") || file.toString().endsWith(".gguf")) {
                    digests.put(file.getFileName().toString(), Fixtures.sha256(file));
                }
            }
            return digests;
        }
    }
}
