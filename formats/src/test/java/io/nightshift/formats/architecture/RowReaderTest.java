package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.safetensors.SafetensorsBytes;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.RecordingFolder;
import io.nightshift.kernels.GgmlType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RowReaderTest {
    private static final String FILE = "model.safetensors";

    private final byte[] file = new SafetensorsBytes()
            .add("a", SafetensorsType.BF16, 24, 4)
            .add("b", SafetensorsType.BF16, 24, 4)
            .add("bias", SafetensorsType.F32, 24)
            .add("fused", SafetensorsType.F16, 3, 6, 5)
            .bytes();
    private final RecordingFolder folder = new RecordingFolder().put(FILE, file);
    private List<SafetensorsTensor> tensors;

    @BeforeEach
    void open() throws IOException {
        tensors = SafetensorsHeader.read(folder, folder.list().get(0));
        folder.reads().clear();
    }

    private SafetensorsTensor tensor(String name) {
        return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
    }

    private static SourceRows rows(SafetensorsTensor tensor, long first, long count, RowOrder order) {
        return new SourceRows(tensor, first, count, order, 0);
    }

    private static TensorRecipe recipe(List<Long> shape, SourceRows... parts) {
        return new TensorRecipe("output", shape, GgmlType.BF16, new Stored(List.of(parts)));
    }

    private byte[] read(TensorRecipe recipe, long from, long to) throws IOException {
        Stored stored = (Stored) recipe.content();
        byte[] block = new byte[(int) RowReader.bytes(recipe, stored, to - from)];
        RowReader reader = new RowReader(folder);
        reader.read(recipe, stored, from, to, block);
        assertEquals(block.length, reader.bytesRead());
        return block;
    }

    /** All rows, one at a time, straight from the file. */
    private byte[] plainly(TensorRecipe recipe) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (SourceRows part : ((Stored) recipe.content()).parts()) {
            int rowBytes = (int) part.tensor().columns() * part.tensor().type().bits() / 8;
            for (long row = 0; row < part.rows(); row++) {
                long source = part.firstRow() + part.order().sourceRow(row);
                all.write(file, (int) (part.tensor().position() + source * rowBytes), rowBytes);
            }
        }
        return all.toByteArray();
    }

    private void assertReadsEveryRange(TensorRecipe recipe) throws IOException {
        byte[] all = plainly(recipe);
        int rowBytes = all.length / (int) recipe.rows();
        for (int from = 0; from <= recipe.rows(); from++) {
            for (int to = from; to <= recipe.rows(); to++) {
                byte[] expected = Arrays.copyOfRange(all, from * rowBytes, to * rowBytes);
                assertArrayEquals(expected, read(recipe, from, to), "rows " + from + " to " + to);
            }
        }
    }

    @Test
    void rowsAsTheyAreAreOneRange() throws IOException {
        TensorRecipe recipe = recipe(List.of(4L, 24L), rows(tensor("a"), 0, 24, RowOrder.AS_IS));
        assertReadsEveryRange(recipe);
        folder.reads().clear();
        read(recipe, 3, 20);
        assertEquals(List.of(new RecordingFolder.Read(FILE, tensor("a").position() + 24, 136)), folder.reads());
    }

    @Test
    void interleavedHalvesAreReadInAnyRange() throws IOException {
        for (int head : new int[] {2, 4, 6, 8, 12, 24}) {
            assertReadsEveryRange(recipe(List.of(4L, 24L),
                    rows(tensor("a"), 0, 24, new RowOrder.InterleavedHalves(head))));
        }
    }

    @Test
    void wholeHeadsAreOneRange() throws IOException {
        TensorRecipe recipe = recipe(List.of(4L, 24L), rows(tensor("a"), 0, 24, new RowOrder.InterleavedHalves(6)));
        read(recipe, 6, 18);
        assertEquals(List.of(new RecordingFolder.Read(FILE, tensor("a").position() + 48, 96)), folder.reads());
    }

    @Test
    void theElementsOfAVectorMayBeReordered() throws IOException {
        SafetensorsTensor bias = tensor("bias");
        SafetensorsTensor column = new SafetensorsTensor(
                bias.name(), bias.type(), List.of(24L, 1L), bias.file(), bias.position(), bias.length());
        TensorRecipe recipe = recipe(List.of(24L), rows(column, 0, 24, new RowOrder.InterleavedHalves(8)));
        assertEquals(1, recipe.rows());
        assertReadsEveryRange(recipe);
    }

    @Test
    void stackedTensorsFollowEachOther() throws IOException {
        TensorRecipe recipe = recipe(List.of(4L, 24L, 2L),
                rows(tensor("b"), 0, 24, RowOrder.AS_IS), rows(tensor("a"), 0, 24, RowOrder.AS_IS));
        assertReadsEveryRange(recipe);
    }

    @Test
    void tensorsThatLieBehindEachOtherAreOneRange() throws IOException {
        TensorRecipe recipe = recipe(List.of(4L, 24L, 2L),
                rows(tensor("a"), 0, 24, RowOrder.AS_IS), rows(tensor("b"), 0, 24, RowOrder.AS_IS));
        read(recipe, 20, 30);
        assertEquals(1, folder.reads().size());
    }

    @Test
    void halvesOfEachExpertAreTakenFromOneTensor() throws IOException {
        SourceRows[] gates = IntStream.range(0, 3)
                .mapToObj(expert -> rows(tensor("fused"), expert * 6L, 3, RowOrder.AS_IS))
                .toArray(SourceRows[]::new);
        assertReadsEveryRange(recipe(List.of(5L, 3L, 3L), gates));
    }

    @Test
    void rowsOutsideOfTheTensorOrTheBlockAreRefused() {
        TensorRecipe recipe = recipe(List.of(4L, 24L), rows(tensor("a"), 0, 24, RowOrder.AS_IS));
        Stored stored = (Stored) recipe.content();
        RowReader reader = new RowReader(folder);
        assertThrows(IllegalArgumentException.class, () -> reader.read(recipe, stored, 20, 25, new byte[1000]));
        assertThrows(IllegalArgumentException.class, () -> reader.read(recipe, stored, 5, 4, new byte[1000]));
        assertThrows(IllegalArgumentException.class, () -> reader.read(recipe, stored, 0, 2, new byte[15]));
    }

    /** Values that all four types hold, and one of F64 that F32 rounds. */
    @Test
    void partsOfSeveralTypesAreReadAsF32() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(2 * (2 + 2 + 4 + 8)).order(ByteOrder.LITTLE_ENDIAN);
        data.putShort((short) 0x3f80).putShort((short) 0xc000);
        data.putShort((short) 0x3c00).putShort((short) 0xc000);
        data.putFloat(1).putFloat(-2);
        data.putDouble(1 + 0x1p-24 + 0x1p-40).putDouble(-2);
        byte[] file = SafetensorsBytes.file("""
                {"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},
                "h":{"dtype":"F16","shape":[2,1],"data_offsets":[4,8]},
                "s":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},
                "t":{"dtype":"F64","shape":[2,1],"data_offsets":[16,32]}}""", data.array());
        RecordingFolder mixed = new RecordingFolder().put(FILE, file);
        List<SafetensorsTensor> parts = SafetensorsHeader.read(mixed, mixed.list().get(0));
        Stored stored = new Stored(parts.stream().map(part -> rows(part, 0, 2, RowOrder.AS_IS)).toList());
        assertEquals(GgmlType.F32, stored.type());
        TensorRecipe recipe = new TensorRecipe("output", List.of(1L, 8L), GgmlType.BF16, stored);
        for (int from = 0; from < 8; from++) {
            for (int to = from; to <= 8; to++) {
                byte[] block = new byte[(int) RowReader.bytes(recipe, stored, to - from)];
                new RowReader(mixed).read(recipe, stored, from, to, block);
                float[] weights = new float[to - from];
                ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(weights);
                float[] all = {1, -2, 1, -2, 1, -2, 1 + 0x1p-23f, -2};
                assertArrayEquals(Arrays.copyOfRange(all, from, to), weights);
            }
        }
        assertEquals(GgmlType.F32, new Stored(stored.parts().subList(3, 4)).type());
        assertEquals(GgmlType.F16, new Stored(stored.parts().subList(1, 2)).type());
    }
}
