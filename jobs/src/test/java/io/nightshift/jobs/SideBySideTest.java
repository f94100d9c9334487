package io.nightshift.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrateResult;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.StatisticsDigests;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that share a Spark context give what they give alone, and neither takes from the other. */
class SideBySideTest {
    @TempDir
    Path folder;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 400));
    }

    /** After every layer each waits for the other, so that they take turns at what they would share. */
    @Test
    void twoCalibrationsOfDifferentModelsGiveTheBytesThatTheyGiveAlone() throws Exception {
        Path other = Fixtures.retrained("llama-spm", folder.resolve("other"));
        String model = Fixtures.model("llama-spm").toString();
        Path work = folder.resolve("work");
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            CalibrateResult one = calibrate(spark, model, "one", work, CalibrateProgress.NONE);
            CalibrateResult two = calibrate(spark, other.toString(), "two", work, CalibrateProgress.NONE);
            Set<String> folders = new TreeSet<>();
            CyclicBarrier turn = new CyclicBarrier(2, () -> folders.addAll(names(work)));
            CalibrateProgress takesTurns = new CalibrateProgress() {
                @Override
                public void layer(int layer, int layers, long tokens, double seconds) {
                    await(turn);
                }
            };
            List<CalibrateResult> both = together(
                    () -> calibrate(spark, model, "one-beside", work, takesTurns),
                    () -> calibrate(spark, other.toString(), "two-beside", work, takesTurns));
            assertEquals(StatisticsDigests.of(one), StatisticsDigests.of(both.get(0)));
            assertEquals(StatisticsDigests.of(two), StatisticsDigests.of(both.get(1)));
            // Weights of the one were neither given to the other nor dropped for it.
            assertEquals(one.bytesRead(), both.get(0).bytesRead());
            assertEquals(two.bytesRead(), both.get(1).bytesRead());
            assertEquals(2, folders.size(), folders.toString());
            assertEquals(List.of(), names(work));
            assertTrue(spark.getPersistentRDDs().isEmpty());
            assertTrue(spark.sc().getCheckpointDir().isEmpty());
        }
    }

    @Test
    void aCalibrationBesideAnEvaluationOfTheSameModelGivesWhatTheyGiveAlone() throws Exception {
        String model = Fixtures.model("llama-spm").toString();
        String other = Fixtures.retrained("llama-spm", folder.resolve("other")).toString();
        Path work = folder.resolve("work");
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            CalibrateResult calibration = calibrate(spark, model, "alone", work, CalibrateProgress.NONE);
            EvaluateResult evaluation = evaluate(spark, model, other);
            List<Object> both = together(
                    () -> calibrate(spark, model, "beside", work, CalibrateProgress.NONE),
                    () -> evaluate(spark, model, other));
            CalibrateResult calibrated = (CalibrateResult) both.get(0);
            EvaluateResult evaluated = (EvaluateResult) both.get(1);
            assertEquals(StatisticsDigests.of(calibration), StatisticsDigests.of(calibrated));
            assertEquals(calibration.bytesRead(), calibrated.bytesRead());
            assertEquals(evaluation.original(), evaluated.original());
            assertEquals(evaluation.quantized(), evaluated.quantized());
            assertEquals(evaluation.bytesRead(), evaluated.bytesRead());
        }
    }

    private static <T> List<T> together(Callable<? extends T> one, Callable<? extends T> two) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<? extends T> first = threads.submit(one);
            Future<? extends T> second = threads.submit(two);
            return List.of(first.get(), second.get());
        } finally {
            threads.shutdownNow();
        }
    }

    private static void await(CyclicBarrier turn) {
        try {
            turn.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private CalibrateResult calibrate(
            JavaSparkContext spark, String model, String output, Path work, CalibrateProgress progress) throws IOException {
        CalibrateRequest request = new CalibrateRequest(
                model,
                folder.resolve(output).toString(),
                Optional.of(work.toString()),
                new CalibrationOptions(
                        new TextData(List.of(text.toString()), "text", OptionalLong.empty()), Packing.DOCUMENTS,
                        OptionalInt.of(8), 32, 4, StatisticsKind.GRAM, 1, false),
                Optional.empty(),
                false);
        return CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), progress).run(spark);
    }

    private EvaluateResult evaluate(JavaSparkContext spark, String model, String other) throws IOException {
        EvaluateRequest request = new EvaluateRequest(
                model,
                List.of(other),
                new TextData(List.of(text.toString()), "text", OptionalLong.empty()),
                64,
                OptionalInt.of(8),
                Optional.empty());
        return EvaluateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), EvaluateProgress.NONE).run(spark);
    }

    private static List<String> names(Path work) {
        if (!Files.exists(work)) {
            return List.of();
        }
        try (var found = Files.list(work)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
