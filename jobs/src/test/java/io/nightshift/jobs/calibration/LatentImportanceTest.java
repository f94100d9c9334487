package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Importance of DeepSeek V3's tensors, of the two that GGUF makes of one matrix too, is that of llama-imatrix. */
class LatentImportanceTest {
    private static final Path SHARED = Path.of("..", "..", "shared");

    @TempDir
    Path folder;

    @Test
    void agreesWithLlamaImatrix() throws IOException {
        Path model = SHARED.resolve("families").resolve("deepseek-v3");
        Path text = SHARED.resolve("fixtures").resolve("imatrix-calibration.txt");
        assumeTrue(Files.exists(model) && Files.exists(text), "skipped: there is no " + model + " beside the project");
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(text.toString()), "text", OptionalLong.empty()), Packing.LLAMA_IMATRIX,
                OptionalInt.empty(), 256, 4, StatisticsKind.IMATRIX, 0, false);
        CalibrateRequest request = new CalibrateRequest(model.toString(), folder.resolve("out").toString(), Optional.empty(),
                options, Optional.of("qwen2"), false);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), CalibrateProgress.NONE).run(spark);
        }
        Imatrix theirs = read(SHARED.resolve("families"), "deepseek-v3.imatrix.gguf");
        Imatrix ours = read(folder.resolve("out"), CalibrationManifest.IMATRIX);
        assertEquals(theirs.entries().keySet(), ours.entries().keySet());
        assertEquals(theirs.chunkCount(), ours.chunkCount());
        theirs.entries().forEach((name, entry) -> assertAgrees(name, entry, ours.entries().get(name)));
    }

    /**
     * llama.cpp multiplies matrices in BF16 by activations rounded to BF16. That sends a few tokens in a thousand to another
     * expert, and is most seen in the products of gate and up projection.
     */
    private static void assertAgrees(String name, ImportanceEntry theirs, ImportanceEntry ours) {
        assertEquals(theirs.sums().length, ours.sums().length, name);
        if (name.contains("_exps")) {
            assertEquals(Arrays.stream(theirs.counts()).sum(), Arrays.stream(ours.counts()).sum(), name);
            for (int i = 0; i < theirs.counts().length; i++) {
                assertEquals(theirs.counts()[i], ours.counts()[i], 0.002 * theirs.counts()[i], name + ", expert " + i);
            }
        } else {
            assertArrayEquals(theirs.counts(), ours.counts(), name);
        }
        double largest = name.contains("ffn_down") ? 0.02 : 0.01;
        double differences = 0;
        for (int i = 0; i < theirs.sums().length; i++) {
            assertEquals(theirs.sums()[i], ours.sums()[i], largest * theirs.sums()[i], name + " " + i);
            differences += theirs.sums()[i] == 0 ? 0 : Math.abs(ours.sums()[i] / theirs.sums()[i] - 1);
        }
        assertEquals(0, differences / theirs.sums().length, 0.004, name);
    }

    private static Imatrix read(Path folder, String file) throws IOException {
        LocalFolder opened = new LocalFolder(folder);
        return ImatrixReader.read(opened, opened.find(file).orElseThrow());
    }
}
