package io.nightshift.jobs.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CommandProcess;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCounterTest {
    @TempDir
    Path folder;

    /**
     * The last value that Spark's CSV sink wrote: lines of a time and a count. (A local executor's files are named without the
     * application, which has no identity yet when it starts.)
     */
    private long last(String counter) throws IOException {
        Path file = Fixtures.files(folder.resolve("metrics")).stream()
                .filter(found -> found.toString().endsWith("plugin." + MetricsPlugin.class.getName() + "." + counter + ".csv"))
                .findFirst().orElseThrow(() -> new AssertionError(counter));
        List<String> lines = Files.readAllLines(file);
        return Long.parseLong(lines.get(lines.size() - 1).split(",")[1]);
    }

    @Test
    void aNightsCountsComeToSparksSinks() throws Exception {
        Path model = Fixtures.copy("llama-spm", folder.resolve("llama"));
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 300));
        Path manifest = Texts.write(folder.resolve("night.yaml"), "output: " + folder.resolve("out") + "\nmodels: [{model: "
                + model + ", targets: [gguf:Q8_0, awq:w4g32], awq-grid: 1, calibration: "
                + text + ", samples: 3, sequence-length: 64}, {model: " + folder + "/none, targets: [gguf:F16]}]\n");
        Files.createDirectories(folder.resolve("none"));
        Files.writeString(folder.resolve("none/config.json"), "{}");
        Process night = CommandProcess.start(List.of("batch", "--manifest", manifest.toString(), "--master", "local[2]"),
                Map.of("spark.metrics.conf.*.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink",
                        "spark.metrics.conf.*.sink.csv.directory",
                        Files.createDirectories(folder.resolve("metrics")).toString()),
                folder);
        assertEquals(1, night.waitFor());
        long written = 0;
        for (Path file : Fixtures.files(folder.resolve("out/llama"))) {
            boolean weights = file.toString().endsWith("Q8_0.gguf")
                    || file.toString().contains("-AWQ/") && file.toString().endsWith(".safetensors");
            written += weights ? Files.size(file) : 0;
        }
        assertEquals(written, last("bytes.written"));
        // Once to calibrate, once or twice to search scales, once for each target.
        long weights = Files.size(model.resolve("model-00001-of-00002.safetensors"))
                + Files.size(model.resolve("model-00002-of-00002.safetensors"));
        assertTrue(last("bytes.read") > 3.5 * weights && last("bytes.read") < 5.5 * weights,
                last("bytes.read") + " of " + weights);
        // Through eight layers; the final norm is none.
        assertEquals(8 * 3 * 64, last("layer.tokens"));
        assertEquals(2, last("outputs.complete"));
        assertEquals(1, last("outputs.failed"));
        assertEquals(2, last("models.done"));
        assertEquals(0, last("models.running"));
    }
}
