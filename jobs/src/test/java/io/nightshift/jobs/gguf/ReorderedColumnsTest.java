package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Qwen3.5's GGUF has value heads in another order than the checkpoint: rows of some tensors, columns of another. */
class ReorderedColumnsTest {
    private static final String MOVED = "blk.0.ssm_out.weight";
    private static final int KEY_HEADS = 2;
    private static final int VALUE_HEADS = 4;
    private static final int SIZE = 32;

    @TempDir
    Path folder;

    @Test
    void statisticsFollowTheColumnsAndFilesAreReadBackInTheCheckpointsOrder() throws IOException {
        Path model = GeneratedCheckpoint.write("qwen3.5", folder);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            FamilyRun run = new FamilyRun(spark, folder);
            String statistics = run.calibrate(model, 8);
            importanceIsInTheOrderOfTheFile(Path.of(statistics));
            soAreTheMatricesThatRowsAreRoundedBy(model, statistics);

            OutputResult whole = run.make(model, statistics, GgufTarget.of(FileType.F32), "whole");
            GgufTarget target = GgufTarget.of(FileType.Q4_0);
            OutputResult plain = run.make(model, statistics, target, "plain");
            OutputResult rounded =
                    run.make(model, statistics, target.with(new RoundingOptions(false, 20, true, 0.01)), "rounded");
            List<EvaluateResult.Score> scores = run.evaluate(model, List.of(whole, plain, rounded));
            assertEquals(0, scores.get(0).meanDivergence(), 1e-9);
            assertTrue(scores.get(2).meanDivergence() < 0.9 * scores.get(1).meanDivergence(), scores.toString());
            LinearReport moved = rounded.linears().stream()
                    .filter(linear -> linear.module().endsWith("layers.0.linear_attn.out_proj"))
                    .findFirst()
                    .orElseThrow();
            assertTrue(moved.roundedLoss() < 0.8 * moved.nearestLoss(), moved.toString());
        }
    }

    private static void importanceIsInTheOrderOfTheFile(Path statistics) throws IOException {
        StatisticsReader reader = StatisticsReader.open(new LocalFolder(statistics));
        double[] squares = reader.squares(reader.input(MOVED, -1));
        LocalFolder stored = new LocalFolder(statistics);
        Imatrix imatrix = ImatrixReader.read(stored, stored.find(CalibrationManifest.IMATRIX).orElseThrow());
        float[] sums = imatrix.entries().get(MOVED).sums();
        assertEquals(squares.length, sums.length);
        for (int i = 0; i < sums.length; i++) {
            assertEquals((float) squares[inCheckpoint(i)], sums[i], "channel " + i);
        }
    }

    private static void soAreTheMatricesThatRowsAreRoundedBy(Path model, String statistics) throws IOException {
        StatisticsReference reference = new StatisticsReference(FolderReference.find(statistics, FamilyRun.SETTINGS));
        StatisticsReader reader = reference.open();
        Model opened = Model.open(
                model.toString(), FamilyRun.SETTINGS, Optional.empty(), Model.Prediction.KEPT, warning -> { });
        InputStatistics there =
                new InputStatistics(statistics, reader.manifest(), Optional.of(reference), "--stats");
        RoundingOptions feedback = new RoundingOptions(false, 20, true, 0.01);
        LinearLayer linear = GgufTarget.of(FileType.Q4_0).with(feedback).check(opened, Optional.of(there)).units().stream()
                .flatMap(unit -> unit.linears().stream())
                .filter(layer -> layer.tensor().equals(MOVED))
                .findFirst()
                .orElseThrow();
        GramMatrix found;
        try (Workers workers = new Workers(1)) {
            found = ScaledInput.of(reference, reader, linear, null, feedback).gram(workers);
        }
        GramMatrix stored = StatisticsReference.gram(reader, StatisticsReference.input(reader, linear));
        for (int i = 0; i < found.channels(); i++) {
            for (int j = 0; j < found.channels(); j++) {
                assertEquals(stored.get(inCheckpoint(i), inCheckpoint(j)), found.get(i, j), "channels " + i + ", " + j);
            }
        }
    }

    /** Where the checkpoint has a channel of the file: there, heads of one group are beside each other. */
    private static int inCheckpoint(int channel) {
        int head = channel / SIZE;
        int group = head % KEY_HEADS;
        int member = head / KEY_HEADS;
        return (group * VALUE_HEADS / KEY_HEADS + member) * SIZE + channel % SIZE;
    }
}
