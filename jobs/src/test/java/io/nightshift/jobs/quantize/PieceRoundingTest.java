package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.plan.GgufPlanner;
import io.nightshift.jobs.plan.GgufTarget;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.plan.Piece;
import io.nightshift.jobs.plan.PreparedTarget;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.FolderReference;
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
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pieces far smaller than a job would cut, with scales and error feedback: they begin and end within layers and experts. */
class PieceRoundingTest {
    private static final String MODEL = "mixtral-moe";

    @TempDir
    Path folder;

    @Test
    void makesTheSameBytesWhereverPiecesAreCut() throws IOException {
        LocalFolder source = new LocalFolder(Fixtures.model(MODEL));
        HadoopSettings settings = new HadoopSettings(Map.of());
        RoundingRequest request = new RoundingRequest(
                new RoundingOptions(true, 3, true, 0.001), folder.resolve("stats").toString(), Optional.empty());
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark);
            Checkpoint checkpoint = Checkpoint.open(source);
            UnquantizedGguf model = GgufConverter.convert(checkpoint, Optional.empty(), warning -> { });
            CalibrationManifest manifest = CalibrationManifest.read(new LocalFolder(folder.resolve("stats")));
            ModelRounding rounding =
                    new ModelRounding(request.options(), manifest, Architectures.convert(checkpoint));
            GgufPlanner planner =
                    new GgufPlanner(MODEL, model, source.list(), Optional.empty(), Optional.of(rounding));
            List<PreparedTarget> prepared = List.of(
                    planner.prepare(FileType.Q3_K_M, TypeOptions.NONE), planner.prepare(FileType.Q4_0, TypeOptions.NONE));
            List<GgufTarget> targets = prepared.stream().map(PreparedTarget::target).toList();
            FolderReference reference = FolderReference.find(Fixtures.model(MODEL).toString(), settings);
            try (RoundingRun run = RoundingRun.start(spark, request, rounding, model.tensors(), targets, reference,
                    folder.resolve("out").toString(), settings, Progress.NONE)) {
                List<String> expected = null;
                for (long rows : new long[] {100_000, 37, 300}) {
                    List<Piece> pieces = pieces(model.tensors(), rows);
                    QuantizationPlan plan = new QuantizationPlan(model.tensors(), targets, pieces);
                    List<String> made = make(plan, prepared, run, rounding);
                    expected = expected == null ? made : expected;
                    assertEquals(expected, made, rows + " rows a piece");
                }
            }
        }
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    private static List<String> make(
            QuantizationPlan plan, List<PreparedTarget> prepared, RoundingRun run, ModelRounding rounding) throws IOException {
        List<MemorySink> files = new ArrayList<>();
        plan.targets().forEach(target -> files.add(new MemorySink(new byte[(int) target.layout().length()])));
        int losses = 0;
        for (Piece piece : plan.pieces()) {
            PieceInput input = PieceInput.of(piece, plan, Optional.empty(), rounding, run.scales());
            PieceOutcome outcome = PieceTask.run(plan, input, new LocalFolder(Fixtures.model(MODEL)), List.copyOf(files),
                    prepared.stream().map(PreparedTarget::header).toList(), run.factors(), 0);
            losses += ((PieceOutcome.Finished) outcome).losses().size();
        }
        assertTrue(losses >= 2 * (3 * 28 + 1), losses + " losses");
        return files.stream().map(file -> Fixtures.sha256(file.content())).toList();
    }

    private void calibrate(JavaSparkContext spark) throws IOException {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            documents.add(Texts.document(i, 90));
        }
        Path data = Texts.writeJsonLines(folder.resolve("data/texts.jsonl"), documents);
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(data.toString()), "text", OptionalLong.empty()),
                Packing.DOCUMENTS, OptionalInt.of(6), 64, 4, StatisticsKind.GRAM, 8, false);
        CalibrateRequest request = new CalibrateRequest(Fixtures.model(MODEL).toString(),
                folder.resolve("stats").toString(), Optional.empty(), options, Optional.empty(), false);
        CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), CalibrateProgress.NONE).run(spark);
    }

    private static List<Piece> pieces(List<TensorRecipe> tensors, long rows) {
        List<Piece> pieces = new ArrayList<>();
        for (int tensor = 0; tensor < tensors.size(); tensor++) {
            for (long row = 0; row < tensors.get(tensor).rows(); row += rows) {
                long count = Math.min(rows, tensors.get(tensor).rows() - row);
                pieces.add(new Piece(pieces.size(), List.of(new RowSpan(tensor, row, count))));
            }
        }
        return pieces;
    }

    /** A file in memory. */
    private record MemorySink(byte[] content) implements PartSink {
        @Override
        public PartWriter open(Part part, int attempt) {
            return new PartWriter() {
                private int length;

                @Override
                public void write(byte[] bytes, int offset, int count) {
                    System.arraycopy(bytes, offset, content, (int) part.position() + length, count);
                    length += count;
                }

                @Override
                public PartReceipt finish() {
                    assertEquals(part.length(), length);
                    return new PartReceipt(part, attempt, new byte[0], 0);
                }

                @Override
                public void close() {}
            };
        }
    }
}
