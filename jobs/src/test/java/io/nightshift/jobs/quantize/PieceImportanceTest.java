package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.plan.GgufPlanner;
import io.nightshift.jobs.plan.ModelImportance;
import io.nightshift.jobs.plan.Piece;
import io.nightshift.jobs.plan.PreparedTarget;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces far smaller than a job would cut, so that they begin and end within experts: each has the slice it needs. */
class PieceImportanceTest {
    private static final String MODEL = "mixtral-moe";

    @ParameterizedTest
    @CsvSource({"Q3_K_M, 37", "Q4_0, 300", "Q2_K_S, 1000"})
    void makesTheSameBytesWhereverPiecesAreCut(FileType type, long rows) throws IOException {
        LocalFolder source = new LocalFolder(Fixtures.model(MODEL));
        UnquantizedGguf model = GgufConverter.convert(Checkpoint.open(source), Optional.empty(), warning -> { });
        Optional<ModelImportance> importance = Optional.of(importance());
        PreparedTarget prepared =
                new GgufPlanner(MODEL, model, source.list(), importance).prepare(type, TypeOptions.NONE);
        QuantizationPlan plan =
                new QuantizationPlan(model.tensors(), List.of(prepared.target()), pieces(model.tensors(), rows));

        MemorySink file = new MemorySink(new byte[(int) prepared.target().layout().length()]);
        int largest = 0;
        for (Piece piece : plan.pieces()) {
            PieceInput input = PieceInput.of(piece, plan, importance);
            for (int i = 0; i < piece.spans().size(); i++) {
                largest = Math.max(largest, requireNoMoreThanNeeded(
                        piece.spans().get(i), plan, input.importance().get(i)));
            }
            PieceTask.run(plan, input, source, List.of(file), List.of(prepared.header()), null, 0);
        }
        assertTrue(largest > 0);
        assertEquals(Fixtures.golden(MODEL, type.name(), true), Fixtures.sha256(file.content()));
    }

    private static int requireNoMoreThanNeeded(RowSpan span, QuantizationPlan plan, ImportanceSlice slice) {
        if (slice.values() == null) {
            return 0;
        }
        TensorRecipe tensor = plan.tensors().get(span.tensor());
        long rows = tensor.shape().get(1);
        long experts = (span.firstRow() + span.rows() - 1) / rows - span.firstRow() / rows + 1;
        assertEquals(experts * tensor.columns(), slice.values().length, tensor.name());
        return slice.values().length;
    }

    private static ModelImportance importance() throws IOException {
        Path file = Fixtures.imatrix(MODEL);
        String name = file.getFileName().toString();
        LocalFolder folder = new LocalFolder(file.getParent());
        Imatrix matrix = ImatrixReader.read(folder, folder.find(name).orElseThrow());
        return new ModelImportance(List.of(name), matrix, matrix);
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
