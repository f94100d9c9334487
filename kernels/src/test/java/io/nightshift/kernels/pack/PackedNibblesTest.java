package io.nightshift.kernels.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedNibblesTest {
    @Test
    void neighboursOfARowFillAWordFromItsLowestBits() {
        byte[] word = new byte[4];
        PackedNibbles.packAlongRow(new byte[] {1, 2, 3, 4, 5, 6, 7, 15}, 0, 8, word, 0);
        assertEquals(0xf7654321, ByteBuffer.wrap(word).order(ByteOrder.LITTLE_ENDIAN).getInt());
    }

    @Test
    void interleavedWordsHoldEvenRowsInTheLowHalf() {
        byte[] word = new byte[4];
        byte[] column = {0, 1, 2, 3, 4, 5, 6, 15};
        PackedNibbles.packAlongColumn(column, 8, 1, NibbleOrder.INTERLEAVED, word, 0, 4, 4);
        assertEquals(0xf5316420, ByteBuffer.wrap(word).order(ByteOrder.LITTLE_ENDIAN).getInt());
        PackedNibbles.packAlongColumn(column, 8, 1, NibbleOrder.SEQUENTIAL, word, 0, 4, 4);
        assertEquals(0xf6543210, ByteBuffer.wrap(word).order(ByteOrder.LITTLE_ENDIAN).getInt());
    }

    @ParameterizedTest
    @CsvSource({"8,1", "16,3", "24,127", "64,128", "40,300"})
    void whatIsPackedAlongColumnsComesBack(int rows, int columns) {
        byte[] values = nibbles(rows * columns);
        for (NibbleOrder order : NibbleOrder.values()) {
            // Transposed, as in AutoAWQ, and not, as zero points in compressed-tensors.
            for (boolean transposed : new boolean[] {true, false}) {
                int rowStride = transposed ? 4 : 4 * columns;
                int columnStride = transposed ? rows / 8 * 4 : 4;
                byte[] words = new byte[rows * columns / 2];
                PackedNibbles.packAlongColumn(values, rows, columns, order, words, 0, rowStride, columnStride);
                byte[] back = new byte[rows * columns];
                PackedNibbles.unpackAlongColumn(
                        words, 0, rowStride, columnStride, order, back, 0, columns, rows, columns);
                assertArrayEquals(values, back);
            }
        }
    }

    @Test
    void someRowsAndColumnsAreUnpackedOutOfMore() {
        byte[] values = nibbles(32 * 10);
        byte[] words = new byte[32 * 10 / 2];
        PackedNibbles.packAlongColumn(values, 32, 10, NibbleOrder.INTERLEAVED, words, 0, 4, 16);
        byte[] part = new byte[8 * 3 + 1];
        // Rows 16 to 23 of columns 5 to 7, behind one byte.
        PackedNibbles.unpackAlongColumn(
                words, 5 * 16 + 2 * 4, 4, 16, NibbleOrder.INTERLEAVED, part, 1, 3, 8, 3);
        for (int row = 0; row < 8; row++) {
            assertArrayEquals(
                    Arrays.copyOfRange(values, (16 + row) * 10 + 5, (16 + row) * 10 + 8),
                    Arrays.copyOfRange(part, 1 + row * 3, 4 + row * 3));
        }
    }

    @Test
    void whatIsPackedAlongRowsComesBack() {
        byte[] values = nibbles(1000);
        byte[] words = new byte[500];
        PackedNibbles.packAlongRow(values, 0, 1000, words, 0);
        byte[] back = new byte[1000];
        PackedNibbles.unpackAlongRow(words, 0, back, 0, 1000);
        assertArrayEquals(values, back);
    }

    @Test
    void valuesThatDoNotFitAreRefused() {
        for (byte value : new byte[] {16, -1, 127, -128}) {
            byte[] values = new byte[64];
            values[37] = value;
            assertThrows(IllegalArgumentException.class,
                    () -> PackedNibbles.packAlongRow(values, 0, 64, new byte[32], 0));
            assertThrows(IllegalArgumentException.class, () -> PackedNibbles.packAlongColumn(
                    values, 8, 8, NibbleOrder.INTERLEAVED, new byte[32], 0, 4, 4));
        }
    }

    @Test
    void partsOfWordsAreRefused() {
        assertThrows(IllegalArgumentException.class,
                () -> PackedNibbles.packAlongRow(new byte[12], 0, 12, new byte[8], 0));
        assertThrows(IllegalArgumentException.class, () -> PackedNibbles.packAlongColumn(
                new byte[12], 12, 1, NibbleOrder.SEQUENTIAL, new byte[8], 0, 4, 4));
    }

    @Test
    void groupsAreDequantizedWithTheirOwnScaleAndZero() {
        float[] weights = {-7, -7, -7, -7, -7, -7};
        GroupedIntegers.dequantize(new byte[] {9, 0, 15, 8, 7, 3}, 1, new byte[] {9, 3, 8}, new float[] {9, 0.5f, 2},
                1, 2, weights, 1, 4);
        assertArrayEquals(new float[] {-7, -1.5f, 6, 0, -2, -7}, weights);
    }

    private static byte[] nibbles(int count) {
        byte[] values = new byte[count];
        Random random = new Random(count);
        for (int i = 0; i < count; i++) {
            values[i] = (byte) random.nextInt(16);
        }
        return values;
    }
}
