package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

            OutputResult whole = make(spark, model, statistics, FileType.F32, RoundingOptions.NONE);
            OutputResult plain = make(spark, model, statistics, FileType.Q4_0, RoundingOptions.NONE);
            OutputResult rounded = make(spark, model, statistics, FileType.Q4_0, new RoundingOptions(false, 20, true, 0.01));
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
        int members = VALUE_HEADS / KEY_HEADS;
        for (int group = 0; group < KEY_HEADS; group++) {
            for (int member = 0; member < members; member++) {
                for (int i = 0; i < SIZE; i++) {
                    int inCheckpoint = (group * members + member) * SIZE + i;
                    int inFile = (member * KEY_HEADS + group) * SIZE + i;
                    assertEquals((float) squares[inCheckpoint], sums[inFile], "head " + member + " of group " + group);
                }
            }
        }
    }

    private OutputResult make(JavaSparkContext spark, Path model, String statistics, FileType type, RoundingOptions rounding)
            throws IOException {
        String output = folder.resolve(type + (rounding.feedback() ? "-rounded" : "")).toString();
        QuantizeRequest request = QuantizeRequest.of(model.toString(), List.of(GgufTarget.of(type).with(rounding)), output)
                .with(new StatisticsSource.Folder(statistics));
        return QuantizeJob.plan(request, FamilyRun.SETTINGS, Progress.NONE).run(spark).outputs().get(0);
    }
}
