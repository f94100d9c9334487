package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.manifest.Deadline;
import io.nightshift.jobs.batch.manifest.Manifest;
import io.nightshift.jobs.batch.manifest.ManifestReader;
import io.nightshift.jobs.batch.manifest.StoredManifestFiles;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.run.ModelPlan;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nights whose deadline passes before a model's turn comes, or would before the model were done. */
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
        return run(manifest, passing(), plans -> { }).models().get(0).outputs();
    }

    private static NightResult run(String manifest, InstantSource clock, Consumer<List<ModelPlan>> planned)
            throws IOException {
        HadoopSettings settings = new HadoopSettings(Map.of());
        Manifest read = ManifestReader.read("night.yaml", manifest, new StoredManifestFiles(settings))
                .until(Deadline.parse("06:00", "UTC"));
        Night night = new Night(read, new ManifestRequests(), settings, (model, line) -> { }, clock);
        List<ModelPlan> plans = night.plan(Progress.NONE, 2, false);
        planned.accept(plans);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            return night.run(spark, plans, "late");
        }
    }

    /** It shows one moment after another, and the last one from then on: the start, then beginning and end of each model. */
    private static InstantSource showing(String... moments) {
        AtomicInteger asked = new AtomicInteger();
        return () -> Instant.parse("2026-11-27T" + moments[Math.min(moments.length - 1, asked.getAndIncrement())] + "Z");
    }

    /** A night of models one after another; each of them is named as its target. */
    private String night(String... targets) throws IOException {
        StringBuilder manifest = new StringBuilder("output: " + folder.resolve("night") + "\nmodels-at-once: 1\nmodels:\n");
        for (String target : targets) {
            manifest.append("  - {model: ").append(Fixtures.copy("llama-spm", folder.resolve(target)))
                    .append(", targets: gguf:").append(target).append("}\n");
        }
        return manifest.toString();
    }

    private static List<OutputStatus> statuses(NightResult result) {
        return result.outputs().stream().map(OutputState::status).toList();
    }

    /** F16 has several times the bytes of IQ3_S, which takes far longer to choose from its grid. */
    @Test
    void theEstimateDecidesAndNotTheBytes() throws Exception {
        double[] estimates = new double[3];
        NightResult result = run(night("Q8_0", "IQ3_S", "F16"), showing("05:00:00", "05:00:00", "05:05:00", "05:05:00"),
                plans -> {
                    for (int i = 0; i < estimates.length; i++) {
                        estimates[i] = plans.get(i).costs().get(0).coreSeconds();
                    }
                });
        long minutes = (long) Math.ceil(5 * estimates[1] / estimates[0]);
        assertTrue(minutes > 60 && 5 * estimates[2] / estimates[0] < 50, Arrays.toString(estimates));
        assertEquals(List.of(OutputStatus.COMPLETE, OutputStatus.NOT_STARTED, OutputStatus.COMPLETE), statuses(result));
        assertEquals("not started: by its estimate it would take " + (minutes - 1)
                + " min at this night's pace, past the deadline 2026-11-27T06:00:00Z", result.outputs().get(1).error());
    }

    @Test
    void theFirstIsJudgedByTheCoresAtHand() throws Exception {
        NightResult late = run(night("Q4_K"), showing("05:59:59.999"), plans -> { });
        assertEquals(List.of(OutputStatus.NOT_STARTED), statuses(late));
        assertEquals("not started: by its estimate it would take less than a minute on the cores at hand, past the deadline"
                + " 2026-11-27T06:00:00Z", late.outputs().get(0).error());
    }

    /** At half past five there would be no time for a second that takes as long as the first one before it failed. */
    @Test
    void whatFailedTellsNothingOfThePace() throws Exception {
        NightResult result = run(night("Q4_0", "Q4_1"), showing("05:00:00", "05:00:00", "05:31:00"),
                plans -> assertTrue(folder.resolve("Q4_0/model-00002-of-00002.safetensors").toFile().delete()));
        assertEquals(List.of(OutputStatus.FAILED, OutputStatus.COMPLETE), statuses(result));
    }

    /** What an earlier night made takes no time: no pace for what has to be made. */
    @Test
    void whatWasThereAlreadyTellsNothingOfThePace() throws Exception {
        String calibration = "defaults: {calibration: " + Texts.write(folder.resolve("train.txt"), Texts.document(3, 300))
                + ", samples: 3, sequence-length: 64}\n";
        String first = calibration + night("Q2_K");
        Path file = Files.writeString(folder.resolve("night.yaml"), first);
        assertEquals(0, CommandRun.of("batch", "--master", "local[2]", "--manifest", file.toString()).exitCode());
        // At the first one's pace there would be no time for another.
        String both = first + night("Q3_K").replaceAll("(?s).*models:\n", "");
        NightResult result = run(both, showing("05:00:00", "05:00:00", "05:59:00"), plans -> { });
        assertEquals(List.of(OutputStatus.COMPLETE, OutputStatus.COMPLETE), statuses(result));
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
