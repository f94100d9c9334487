package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What targets, experts and runs share, and what they must not. */
class SharedWorkTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());
    private static final RoundingOptions FEEDBACK = new RoundingOptions(false, 20, true, 0.01);
    private static final AwqOptions AWQ = new AwqOptions(AwqFormat.GEMM, 32, false, List.of());

    @TempDir
    Path folder;

    @Test
    void expertsWithPooledStatisticsAndTargetsOfEqualDampingShareTheirFactors() throws IOException {
        Path model = Fixtures.model("mixtral-moe");
        Target awq = new AwqTarget(AWQ, FEEDBACK, AwqTarget.DEFAULT_SHARD_SIZE);
        Target gguf = GgufTarget.of(FileType.Q4_0).with(FEEDBACK);
        Target damped = GgufTarget.of(FileType.Q4_0).with(FEEDBACK.withDamping(0.02));
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            // No expert sees so many tokens: those of a layer share the statistics of all.
            calibrate(spark, model, 1 << 20);
            List<String> ofAwq = factors(spark, model, awq);
            List<String> ofGguf = factors(spark, model, gguf);
            // q, k and v; o; gate and up of all experts; down of all experts: of three layers. The output matrix, the embedding.
            assertEquals(3 * 4, ofAwq.size(), ofAwq.toString());
            assertEquals(3 * 4 + 2, ofGguf.size(), ofGguf.toString());
            assertTrue(ofGguf.containsAll(ofAwq), ofAwq + " " + ofGguf);
            assertNotEquals(ofGguf, factors(spark, model, damped));
            // With tokens of their own, each has one.
            calibrate(spark, model, 0);
            assertTrue(factors(spark, model, awq).size() > 3 * 4);
        }
    }

    private List<String> factors(JavaSparkContext spark, Path model, Target target) throws IOException {
        QuantizeRequest request = QuantizeRequest.of(model.toString(), List.of(target), folder.resolve("out").toString())
                .with(new StatisticsSource.Folder(folder.resolve("stats").toString()));
        QuantizeJob job = QuantizeJob.plan(request, SETTINGS, Progress.NONE);
        try (TargetRun run = new TargetRun(spark, request, SETTINGS, Progress.NONE, job.model(), job.statistics(),
                OutputFolder.open(request.output(), SETTINGS))) {
            List<ScaledInput> made = run.prepare(job.targets()).inputs();
            return made.stream().map(ScaledInput::name).sorted().collect(Collectors.toList());
        }
    }

    @Test
    void runsSideBySideMakeTheBytesThatTheyMakeAlone() throws Exception {
        Path model = Path.of("..", "samples", "tiny-llama");
        RoundingOptions both = new RoundingOptions(true, 3, true, 0.01);
        List<List<Target>> runs = List.of(
                List.of(new AwqTarget(AWQ, both, AwqTarget.DEFAULT_SHARD_SIZE)),
                List.of(GgufTarget.of(FileType.Q3_K_M).with(both), GgufTarget.of(FileType.Q6_K).with(both)),
                List.of(GgufTarget.of(FileType.Q4_K_M).with(FEEDBACK)));
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            calibrate(spark, model, 0);
            for (int i = 0; i < runs.size(); i++) {
                make(spark, model, runs.get(i), "alone" + i);
            }
            ExecutorService threads = Executors.newFixedThreadPool(runs.size());
            try {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < runs.size(); i++) {
                    int run = i;
                    all.add(threads.submit(() -> {
                        make(spark, model, runs.get(run), "together" + run);
                        return null;
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
            } finally {
                threads.shutdownNow();
            }
        }
        for (int i = 0; i < runs.size(); i++) {
            assertEquals(digests("alone" + i), digests("together" + i));
        }
        assertEquals(List.of(), Fixtures.files(folder).stream()
                .filter(file -> file.toString().contains("nightshift-work")).toList());
    }

    private void make(JavaSparkContext spark, Path model, List<Target> targets, String output) throws IOException {
        QuantizeRequest request = QuantizeRequest.of(model.toString(), targets, folder.resolve(output).toString())
                .with(new StatisticsSource.Folder(folder.resolve("stats").toString()));
        QuantizeJob.plan(request, SETTINGS, Progress.NONE).run(spark);
    }

    private Map<String, String> digests(String output) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        Path made = folder.resolve(output);
        for (Path file : Fixtures.files(made)) {
            String name = made.relativize(file).toString();
            if (!name.startsWith(".")) {
                digests.put(name, Fixtures.sha256(file));
            }
        }
        assertTrue(!digests.isEmpty(), output);
        return digests;
    }

    private void calibrate(JavaSparkContext spark, Path model, int minExpertTokens) throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(text.toString()), TextData.DEFAULT_COLUMN, OptionalLong.empty()),
                Packing.DOCUMENTS, OptionalInt.of(6), 64, 3, StatisticsKind.GRAM, minExpertTokens, false);
        CalibrateRequest request = new CalibrateRequest(model.toString(), folder.resolve("stats").toString(),
                Optional.empty(), options, Optional.empty(), true);
        CalibrateJob.plan(request, SETTINGS, CalibrateProgress.NONE).run(spark);
    }
}
