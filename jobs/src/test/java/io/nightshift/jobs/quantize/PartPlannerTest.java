package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.Part;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PartPlannerTest {
    private static final long MIB = 1 << 20;
    private static final long MIN = OutputFile.MIN_PART_LENGTH;
    private static final int HEADER = 700_032;

    private static final List<TensorRecipe> TINY = model(256, 768, 4, 2048);
    private static final List<TensorRecipe> SMALL = model(2048, 5632, 22, 32_000);
    private static final List<TensorRecipe> LARGE = model(8192, 28_672, 80, 128_256);

    /** The tensors of a Llama with a quarter as many key heads as heads. */
    private static List<TensorRecipe> model(long hidden, long feedForward, int layers, long vocabulary) {
        List<TensorRecipe> tensors = new ArrayList<>();
        add(tensors, "output.weight", hidden, vocabulary);
        add(tensors, "output_norm.weight", hidden);
        // A computed one of a length that needs padding.
        add(tensors, "rope_freqs.weight", hidden / 64 + 3);
        add(tensors, "token_embd.weight", hidden, vocabulary);
        for (int i = 0; i < layers; i++) {
            String layer = "blk." + i + ".";
            add(tensors, layer + "attn_k.weight", hidden, hidden / 4);
            add(tensors, layer + "attn_norm.weight", hidden);
            add(tensors, layer + "attn_output.weight", hidden, hidden);
            add(tensors, layer + "attn_q.weight", hidden, hidden);
            add(tensors, layer + "attn_v.weight", hidden, hidden / 4);
            add(tensors, layer + "ffn_down.weight", feedForward, hidden);
            add(tensors, layer + "ffn_gate.weight", hidden, feedForward);
            add(tensors, layer + "ffn_norm.weight", hidden);
            add(tensors, layer + "ffn_up.weight", hidden, feedForward);
        }
        return tensors;
    }

    private static void add(List<TensorRecipe> tensors, String name, Long... shape) {
        tensors.add(new TensorRecipe(name, List.of(shape), GgmlType.BF16, new TensorRecipe.Stored(List.of())));
    }

    private static LaidOutFile file(List<TensorRecipe> tensors, FileType fileType) {
        List<Item> items = new ArrayList<>();
        for (TensorRecipe tensor : tensors) {
            GgmlType type = tensor.shape().size() == 1 ? GgmlType.F32 : fileType.defaultType();
            long bytes = tensor.rows() * type.rowBytes(tensor.columns());
            items.add(new Item.Rows(tensor, type, GgufLayout.padded(bytes) - bytes));
        }
        return new LaidOutFile(fileType + ".gguf", new byte[HEADER], items);
    }

    private record Planned(List<TensorRecipe> tensors, List<LaidOutFile> files, List<Piece> all) {
        static Planned of(List<TensorRecipe> tensors, List<FileType> fileTypes, long partSize, int cores) {
            List<LaidOutFile> files =
                    fileTypes.stream().map(fileType -> file(tensors, fileType)).toList();
            long share = files.stream().mapToLong(LaidOutFile::length).max().orElseThrow();
            return new Planned(tensors, files, PartPlanner.plan(files, item -> false, partSize, share, cores));
        }

        int pieces() {
            return all.size();
        }

        long length(int file, int piece) {
            return all.get(piece).parts().get(file).length();
        }

        long smallest(int piece) {
            return all.get(piece).parts().stream().mapToLong(Part::length).min().orElseThrow();
        }

        long largest(int piece) {
            return all.get(piece).parts().stream().mapToLong(Part::length).max().orElseThrow();
        }

        /** Bytes of the longest row, and padding before and behind it. */
        long row() {
            long row = 0;
            for (LaidOutFile file : files) {
                for (Item item : file.items()) {
                    row = Math.max(row, item.unitBytes() + 2 * GgufLayout.ALIGNMENT);
                }
            }
            return row;
        }
    }

    static Stream<Arguments> plans() {
        List<Arguments> plans = new ArrayList<>();
        List<List<FileType>> fileTypes = List.of(
                List.of(FileType.F32),
                List.of(FileType.Q4_K_M),
                List.of(FileType.IQ1_S),
                List.of(FileType.F16, FileType.Q8_0, FileType.Q4_K_M),
                List.of(FileType.IQ1_S, FileType.F32));
        for (List<TensorRecipe> model : List.of(TINY, SMALL, LARGE)) {
            for (List<FileType> of : fileTypes) {
                for (long partSize : new long[] {5 * MIB, 7 * MIB + 1, 64 * MIB, 1000 * MIB}) {
                    for (int cores : new int[] {1, 7, 64, 1000}) {
                        plans.add(Arguments.of(model, of, partSize, cores));
                    }
                }
            }
        }
        return plans.stream();
    }

    @ParameterizedTest(name = "{index}: {1}, {2} bytes, {3} cores")
    @MethodSource("plans")
    void everyRowIsInOnePieceInOrder(List<TensorRecipe> model, List<FileType> fileTypes, long partSize, int cores) {
        Planned planned = Planned.of(model, fileTypes, partSize, cores);
        int tensor = 0;
        long row = 0;
        for (int i = 0; i < planned.pieces(); i++) {
            Piece piece = planned.all().get(i);
            for (Stretch stretch : piece.stretches()) {
                assertTrue(stretch.to() > stretch.from());
                assertEquals(new Stretch(tensor, row, stretch.to()), stretch);
                row = stretch.to();
                if (row == model.get(tensor).rows()) {
                    tensor++;
                    row = 0;
                }
            }
        }
        assertEquals(model.size(), tensor);
        assertEquals(0, row);
    }

    @ParameterizedTest(name = "{index}: {1}, {2} bytes, {3} cores")
    @MethodSource("plans")
    void thePartsOfEveryTargetMakeUpItsFile(
            List<TensorRecipe> model, List<FileType> fileTypes, long partSize, int cores) {
        Planned planned = Planned.of(model, fileTypes, partSize, cores);
        for (int file = 0; file < planned.files().size(); file++) {
            long position = 0;
            for (int i = 0; i < planned.pieces(); i++) {
                Part part = planned.all().get(i).parts().get(file);
                assertEquals(new Part(i, position, part.length()), part);
                position += part.length();
            }
            assertEquals(planned.files().get(file).length(), position);
        }
    }

    @ParameterizedTest(name = "{index}: {1}, {2} bytes, {3} cores")
    @MethodSource("plans")
    void partsAreAsLongAsAStoreDemandsAndNotMuchLongerThanAskedFor(
            List<TensorRecipe> model, List<FileType> fileTypes, long partSize, int cores) {
        Planned planned = Planned.of(model, fileTypes, partSize, cores);
        assertTrue(planned.pieces() <= OutputFile.MAX_PARTS, "pieces: " + planned.pieces());
        long longest = planned.files().stream().mapToLong(LaidOutFile::length).max().orElseThrow();
        long forFewParts = longest / (OutputFile.MAX_PARTS - 1) + 1;
        long most = Math.max(Math.max(partSize, MIN), forFewParts) + planned.row();
        for (int i = 0; i < planned.pieces(); i++) {
            boolean isLast = i == planned.pieces() - 1;
            assertTrue(isLast || planned.smallest(i) >= MIN, i + ": " + planned.smallest(i));
            // Longer only where the smallest target would have too short a part.
            assertTrue(planned.largest(i) <= most || planned.smallest(i) <= MIN + planned.row(),
                    i + ": " + planned.smallest(i) + " to " + planned.largest(i) + " bytes");
        }
    }

    @ParameterizedTest(name = "{index}: {1}, {2} bytes, {3} cores")
    @MethodSource("plans")
    void noCoreGetsFewerThanFourPiecesIfPartsCanBeSmaller(
            List<TensorRecipe> model, List<FileType> fileTypes, long partSize, int cores) {
        Planned planned = Planned.of(model, fileTypes, partSize, cores);
        boolean asManyAsCanBe = planned.pieces() >= OutputFile.MAX_PARTS * 0.95;
        if (planned.pieces() < 4 * cores && !asManyAsCanBe) {
            for (int i = 0; i < planned.pieces() - 1; i++) {
                assertTrue(planned.smallest(i) <= MIN + planned.row(), i + ": " + planned.smallest(i));
            }
        }
    }

    @Test
    void aModelThatFitsAPartIsOnePiece() {
        Planned planned = Planned.of(model(256, 768, 1, 2048), List.of(FileType.Q4_K_M), 64 * MIB, 16);
        assertEquals(1, planned.pieces());
        assertEquals(planned.files().get(0).length(), planned.length(0, 0));
    }

    @Test
    void oneCoreGetsPartsOfTheSizeAskedFor() {
        Planned planned = Planned.of(LARGE, List.of(FileType.F16), 128 * MIB, 1);
        for (int i = 0; i < planned.pieces() - 1; i++) {
            long length = planned.largest(i);
            assertTrue(length >= 128 * MIB && length <= 128 * MIB + planned.row(), i + ": " + length);
        }
    }

    @Test
    void whatAFileWithTooManyPartsWouldHaveIsLarger() {
        Planned planned = Planned.of(LARGE, List.of(FileType.F32), 64 * MIB, 1);
        assertTrue(planned.largest(0) > 100 * MIB, "bytes: " + planned.largest(0));
        assertTrue(planned.pieces() > OutputFile.MAX_PARTS * 0.95, "pieces: " + planned.pieces());
    }

    @Test
    void partsAreSmallerWhereCoresWouldBeIdle() {
        assertTrue(Planned.of(SMALL, List.of(FileType.F16), 64 * MIB, 1).pieces() < 64);
        int pieces = Planned.of(SMALL, List.of(FileType.F16), 64 * MIB, 64).pieces();
        assertTrue(pieces >= 256 && pieces < 280, "pieces: " + pieces);
    }

    @Test
    void whatMustNotBeCutIsInOnePiece() {
        LaidOutFile file = file(LARGE, FileType.Q8_0);
        List<Piece> pieces = PartPlanner.plan(List.of(file), item -> item % 3 == 0, 5 * MIB, file.length(), 1000);
        for (Piece piece : pieces) {
            for (Stretch stretch : piece.stretches()) {
                long units = file.items().get(stretch.item()).units();
                assertTrue(stretch.item() % 3 != 0 || stretch.from() == 0 && stretch.to() == units, stretch.toString());
            }
        }
        assertTrue(pieces.size() > LARGE.size() / 3);
    }

    @Test
    void copiedTensorsAreCutAtAnyByteAndEmptyOnesTakeNone() {
        SafetensorsTensor large = new SafetensorsTensor("a", SafetensorsType.F16, List.of(12L * MIB), "f", 0, 24 * MIB);
        SafetensorsTensor empty = new SafetensorsTensor("b", SafetensorsType.F16, List.of(0L), "f", 24 * MIB, 0);
        List<Item> items = new ArrayList<>();
        for (SafetensorsTensor tensor : List.of(large, empty)) {
            items.add(new Item.Copied(new SourceRows(tensor, 0, 1, RowOrder.AS_IS, 0), tensor));
        }
        LaidOutFile file = new LaidOutFile("f", new byte[100], items);
        List<Piece> pieces = PartPlanner.plan(List.of(file), item -> false, 7 * MIB, 4 * 7 * MIB, 1);
        assertEquals(4, pieces.size());
        assertEquals(List.of(7 * MIB, 7 * MIB, 7 * MIB, 3 * MIB + 100),
                pieces.stream().map(piece -> piece.parts().get(0).length()).toList());
        assertEquals(new Stretch(1, 0, 1), pieces.get(3).stretches().get(1));
    }
}
