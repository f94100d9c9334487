package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.reference.ScalarDecoder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GramTest {
    @ParameterizedTest
    @CsvSource({"1,5,32", "70,100,32", "256,96,96", "300,200,64", "600,64,64", "513,130,96"})
    void everyElementIsTheDocumentedSum(int tokens, int channels, int size) {
        float[] x = RandomFloats.of(tokens * channels, 1);
        float[][] blocks = blocks(channels, size);
        add(x, tokens, channels, size, blocks, 2);
        int side = (channels + size - 1) / size;
        assertEquals(side * (side + 1) / 2, blocks.length);
        for (int row = 0; row < side; row++) {
            for (int column = row; column < side; column++) {
                float[] block = blocks[Gram.index(channels, size, row, column)];
                for (int i = 0; i < size; i++) {
                    for (int j = 0; j < size; j++) {
                        int left = row * size + i;
                        int right = column * size + j;
                        float expected = left < channels && right < channels
                                ? ScalarDecoder.dot(0, x, left, channels, x, right, channels, tokens)
                                : 0;
                        assertEquals(expected, block[i * size + j], "element " + left + ", " + right);
                    }
                }
            }
        }
    }

    @Test
    void tokensMayComeInPartsAndThreadsDoNotMatter() {
        int channels = 150;
        float[] x = RandomFloats.of(700 * channels, 3);
        float[][] whole = blocks(channels, 64);
        add(x, 700, channels, 64, whole, 1);
        float[][] parts = blocks(channels, 64);
        add(x, 512, channels, 64, parts, 3);
        add(Arrays.copyOfRange(x, 512 * channels, 700 * channels), 188, channels, 64, parts, 2);
        for (int i = 0; i < whole.length; i++) {
            assertArrayEquals(whole[i], parts[i]);
        }
    }

    @Test
    void sumsOfSquaresAreTheDiagonal() {
        float[] x = RandomFloats.of(300 * 20, 4);
        double[] sums = new double[20];
        Gram.addSquares(x, 300, 20, sums);
        for (int channel = 0; channel < 20; channel++) {
            double expected = 0;
            for (int token = 0; token < 300; token++) {
                expected += (double) x[token * 20 + channel] * x[token * 20 + channel];
            }
            assertEquals(expected, sums[channel]);
        }
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        float[] x = new float[64];
        assertThrows(IllegalArgumentException.class, () -> add(x, 1, 64, 48, blocks(64, 48), 1));
        assertThrows(IllegalArgumentException.class, () -> add(x, 1, 64, 32, blocks(64, 64), 1));
        assertThrows(IndexOutOfBoundsException.class, () -> add(x, 2, 64, 64, blocks(64, 64), 1));
        assertThrows(IndexOutOfBoundsException.class, () -> Gram.index(64, 32, 1, 0));
    }

    private static void add(float[] x, int tokens, int channels, int size, float[][] blocks, int threads) {
        try (Workers workers = new Workers(threads)) {
            Gram.add(x, tokens, channels, size, blocks, workers);
        }
    }

    private static float[][] blocks(int channels, int size) {
        return new float[Gram.blocks(channels, size)][size * size];
    }

    @Test
    void channelsCanBePutInAnotherOrder() {
        int channels = 21;
        float[] rows = RandomFloats.of(channels * channels, 1);
        GramMatrix matrix = GramMatrix.of(rows, channels, 8);
        int[] order = new int[channels];
        for (int i = 0; i < channels; i++) {
            order[i] = i * 8 % channels;
        }
        GramMatrix other = matrix.reordered(order);
        for (int i = 0; i < channels; i++) {
            for (int j = 0; j < channels; j++) {
                assertEquals(matrix.get(order[i], order[j]), other.get(i, j), i + ", " + j);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> matrix.reordered(new int[channels - 1]));
    }
}
