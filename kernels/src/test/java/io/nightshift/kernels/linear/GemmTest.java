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

/** The same bits as plain loops, hence the same at any width: tiles that are whole, cut, and of a single element. */
class GemmTest {
    @ParameterizedTest
    @CsvSource({"1,1,1", "1,7,300", "5,33,8", "6,32,256", "12,64,512", "13,65,257", "97,130,700", "1537,9,40",
        "7,300,1000"})
    void everyElementIsTheDocumentedSum(int tokens, int outputs, int inputs) {
        float[] x = RandomFloats.of(tokens * inputs, 1);
        float[] weights = RandomFloats.of(outputs * inputs, 2);
        float[] bias = RandomFloats.of(outputs, 3);
        assertArrayEquals(ScalarDecoder.linear(x, tokens, inputs, weights, outputs, bias),
                multiply(x, tokens, inputs, weights, outputs, bias, 1));
        assertArrayEquals(ScalarDecoder.linear(x, tokens, inputs, weights, outputs, null),
                multiply(x, tokens, inputs, weights, outputs, null, 3));
    }

    /** Long enough for the loop to be compiled in between. */
    @Test
    void compiledCodeGivesTheSameBits() {
        float[] x = RandomFloats.of(50 * 512, 1);
        float[] weights = RandomFloats.of(200 * 512, 2);
        float[] first = multiply(x, 50, 512, weights, 200, null, 1);
        for (int i = 0; i < 100; i++) {
            assertArrayEquals(first, multiply(x, 50, 512, weights, 200, null, 1));
        }
    }

    @Test
    void rowsMayLieApartAndWhatIsBetweenIsLeftAlone() {
        int tokens = 9;
        float[] x = RandomFloats.of(tokens * 64, 1);
        float[] weights = RandomFloats.of(40 * 64, 2);
        float[] expected = ScalarDecoder.linear(x, tokens, 64, weights, 40, null);
        float[] result = new float[5 + tokens * 100];
        Arrays.fill(result, 7);
        try (Workers workers = new Workers(1)) {
            Gemm.multiply(PackedActivations.of(x, 0, tokens, 64, workers), rows(weights, 64), 40, null, result, 5, 100,
                    workers);
        }
        for (int i = 0; i < result.length; i++) {
            int column = (i - 5 + 100) % 100;
            assertEquals(i >= 5 && column < 40 ? expected[(i - 5) / 100 * 40 + column] : 7, result[i]);
        }
    }

    @Test
    void shortArraysAreRefused() {
        float[] weights = new float[40 * 64];
        try (Workers workers = new Workers(1)) {
            assertThrows(IndexOutOfBoundsException.class, () -> PackedActivations.of(new float[10], 0, 3, 4, workers));
            PackedActivations packed = PackedActivations.of(new float[128], 0, 2, 64, workers);
            assertThrows(IndexOutOfBoundsException.class,
                    () -> Gemm.multiply(packed, rows(weights, 64), 40, null, new float[79], 0, 40, workers));
            assertThrows(IllegalArgumentException.class,
                    () -> Gemm.multiply(packed, rows(weights, 64), 40, null, new float[80], 0, 39, workers));
        }
    }

    private static float[] multiply(
            float[] x, int tokens, int inputs, float[] weights, int outputs, float[] bias, int threads) {
        float[] result = new float[tokens * outputs];
        Arrays.fill(result, Float.NaN);
        try (Workers workers = new Workers(threads)) {
            Gemm.multiply(PackedActivations.of(x, 0, tokens, inputs, workers), rows(weights, inputs), outputs, bias,
                    result, 0, outputs, workers);
        }
        return result;
    }

    private static WeightRows rows(float[] weights, int inputs) {
        return (from, to, column, columns, into, stride) -> {
            for (int row = from; row < to; row++) {
                System.arraycopy(weights, row * inputs + column, into, (row - from) * stride, columns);
            }
        };
    }
}
