package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.jobs.batch.manifest.Deadline;
import io.nightshift.jobs.batch.manifest.Manifest;
import io.nightshift.jobs.batch.manifest.ManifestReader;
import io.nightshift.jobs.batch.manifest.StoredManifestFiles;
import io.nightshift.jobs.batch.run.Night;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nights whose deadline passes before a model's turn comes. */
class DeadlineTest {
    @TempDir
    Path folder;

    private Path output;

    /** It begins the night just before the deadline; all that is asked later is asked the next day. */
    private static InstantSource passing() {
        Instant start = Instant.parse("2026-11-27T05:59:00Z");
        AtomicInteger asked = new AtomicInteger();
        return () -> start.plus(Duration.ofDays(Math.min(1, asked.getAndIncrement())));
    }

    private String manifest(String targets, String more) throws IOException {
        output = folder.resolve("night");
        return """
                output: %s
                models:
                  - model: %s
                    targets: %s
                    calibration: %s
                    samples: 3
                    sequence-length: 64
                    modules-left-out: mlp
                %s""".formatted(output, folder.resolve("llama"), targets, folder.resolve("train.txt"), more);
    }

    private List<OutputState> late(String manifest) throws IOException {
        HadoopSettings settings = new HadoopSettings(Map.of());
        Manifest read = ManifestReader.read("night.yaml", manifest, new StoredManifestFiles(settings))
                .until(Deadline.parse("06:00", "UTC"));
        Night night = new Night(
                read, new ManifestRequests(), settings, new PrintStream(OutputStream.nullOutputStream()), passing());
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            return night.run(spark, night.plan(Progress.NONE, 2), "late").models().get(0).outputs();
        }
    }

    /** Whether it is complete hangs on statistics that are still to be calibrated: no plan can tell. */
    @Test
    void anOutputOfAnEarlierNightStaysWhatItIs() throws Exception {
        Fixtures.copy("llama-spm", folder.resolve("llama"));
        Texts.write(folder.resolve("train.txt"), Texts.document(3, 300));
        String targets = "[gguf:Q8_0, awq:w4g32]";
        Path file = Files.writeString(folder.resolve("night.yaml"), manifest(targets, ""));
        CommandRun night =
                CommandRun.of("batch", "--master", "local[2]", "--manifest", file.toString(), "--run-id", "one");
        assertEquals(0, night.exitCode(), night.err());
        for (OutputState row : late(manifest(targets, ""))) {
            assertEquals(OutputStatus.COMPLETE, row.status(), row.target() + " " + row.error());
            assertEquals("one", row.run());
        }
        List<OutputState> more = late(manifest("[gguf:Q8_0, awq:w4g32, gguf:Q2_K]", ""));
        assertEquals(List.of(OutputStatus.COMPLETE, OutputStatus.COMPLETE, OutputStatus.NOT_STARTED),
                more.stream().map(OutputState::status).toList());
    }

    @Test
    void anOutputOfOtherOptionsIsNotStarted() throws Exception {
        Fixtures.copy("llama-spm", folder.resolve("llama"));
        Texts.write(folder.resolve("train.txt"), Texts.document(3, 300));
        Path file = Files.writeString(folder.resolve("night.yaml"), manifest("awq:w4g32", ""));
        CommandRun night =
                CommandRun.of("batch", "--master", "local[2]", "--manifest", file.toString(), "--run-id", "one");
        assertEquals(0, night.exitCode(), night.err());
        OutputState row = late(manifest("awq:w4g32", "    damping: 0.02\n")).get(0);
        assertEquals(OutputStatus.NOT_STARTED, row.status());
    }
}
