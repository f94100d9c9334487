package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadAttentionTest {
    /** Against the definition, in double precision; values lie between others, and keys in two places. */
    @ParameterizedTest
    @CsvSource({"1,6,2,5", "97,16,8,24", "150,24,8,3", "96,3,1,33"})
    void valuesMayHaveAnotherSizeAndKeysMayLieInTwoPlaces(int tokens, int size, int shared, int valueSize) {
        int own = size - shared;
        float[] q = RandomFloats.of(tokens * size, 1);
        float[] k = RandomFloats.of(tokens * (own + valueSize), 2);
        float[] more = RandomFloats.of(tokens * (shared + 2) + 2, 3);
        float[] result = new float[tokens * (valueSize + 1)];
        result[valueSize] = 7;
        new HeadAttention(0.3f, 0, 0).attend(new TokenChannels(q, 0, size, size),
                List.of(new TokenChannels(k, 0, own + valueSize, own), new TokenChannels(more, 2, shared + 2, shared)),
                new TokenChannels(k, own, own + valueSize, valueSize), tokens, result, 0, valueSize + 1,
                HeadAttention.NO_SINK);
        for (int token = 0; token < tokens; token++) {
            double total = 0;
            double[] sums = new double[valueSize];
            for (int key = 0; key <= token; key++) {
                double product = 0;
                for (int i = 0; i < size; i++) {
                    float of = i < own ? k[key * (own + valueSize) + i] : more[2 + key * (shared + 2) + i - own];
                    product += (double) q[token * size + i] * of;
                }
                double weight = Math.exp(0.3f * product);
                total += weight;
                for (int i = 0; i < valueSize; i++) {
                    sums[i] += weight * k[key * (own + valueSize) + own + i];
                }
            }
            for (int i = 0; i < valueSize; i++) {
                assertEquals(sums[i] / total, result[token * (valueSize + 1) + i], 2e-5);
            }
        }
        assertEquals(7, result[valueSize]);
    }

    @Test
    void keysMustBeAsLongAsQueries() {
        float[] values = new float[16];
        TokenChannels four = new TokenChannels(values, 0, 8, 4);
        TokenChannels eight = new TokenChannels(values, 0, 8, 8);
        HeadAttention attention = new HeadAttention(1, 0, 0);
        for (List<TokenChannels> keys : List.of(List.of(four), List.of(eight, four))) {
            assertThrows(IllegalArgumentException.class,
                    () -> attention.attend(eight, keys, four, 2, new float[8], 0, 4, HeadAttention.NO_SINK));
        }
    }
}
