package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.reference.ScalarDecoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CausalAttentionTest {
    @ParameterizedTest
    @CsvSource({"1,2,1,16,0,0", "5,4,2,6,0,0", "96,2,2,64,0,0", "97,4,1,20,50,0", "400,2,1,32,0,0", "400,2,1,32,30,70",
        "300,4,2,8,0,1", "333,2,2,40,0,128"})
    void everyElementIsTheDocumentedSum(int tokens, int heads, int keyHeads, int size, float cap, int window) {
        float[] q = RandomFloats.of(tokens * heads * size, 1);
        float[] k = RandomFloats.of(tokens * keyHeads * size, 2);
        float[] v = RandomFloats.of(tokens * keyHeads * size, 3);
        float scale = (float) (1 / Math.sqrt(size));
        float[] expected = ScalarDecoder.attention(q, k, v, tokens, heads, keyHeads, size, scale, cap, window);
        CausalAttention attention = new CausalAttention(heads, keyHeads, size, scale, cap, window);
        float[] result = new float[expected.length];
        for (int head = 0; head < heads; head++) {
            attention.attend(head, q, 0, heads * size, k, 0, keyHeads * size, v, 0, keyHeads * size, tokens, result, 0,
                    heads * size, CausalAttention.NO_SINK);
        }
        assertArrayEquals(expected, result);
    }

    /** Against the definition, in double precision. */
    @ParameterizedTest
    @ValueSource(floats = {CausalAttention.NO_SINK, -1, 18})
    void itIsSoftmaxOfProductsWithinTheWindow(float sink) {
        int tokens = 120;
        int size = 8;
        float[] q = RandomFloats.of(tokens * size, 1);
        float[] k = RandomFloats.of(tokens * size, 2);
        float[] v = RandomFloats.of(tokens * size, 3);
        float[] result = new float[tokens * size];
        new CausalAttention(1, 1, size, 0.5f, 20, 50)
                .attend(0, q, 0, size, k, 0, size, v, 0, size, tokens, result, 0, size, sink);
        for (int t = 0; t < tokens; t++) {
            double total = Math.exp(sink);
            double[] sums = new double[size];
            for (int key = Math.max(0, t - 49); key <= t; key++) {
                double product = 0;
                for (int i = 0; i < size; i++) {
                    product += (double) q[t * size + i] * k[key * size + i];
                }
                double weight = Math.exp(20 * Math.tanh(0.5 * product / 20));
                total += weight;
                for (int i = 0; i < size; i++) {
                    sums[i] += weight * v[key * size + i];
                }
            }
            for (int i = 0; i < size; i++) {
                assertEquals(sums[i] / total, result[t * size + i], 2e-5);
            }
        }
    }

    @Test
    void headsThatCannotShareKeysAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new CausalAttention(6, 4, 8, 1, 0, 0));
    }
}
