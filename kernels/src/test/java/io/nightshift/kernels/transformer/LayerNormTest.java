package io.nightshift.kernels.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.kernels.linear.RandomFloats;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerNormTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 33, 768})
    void isTheDefinitionInDoublePrecisionAndWorksInPlace(int count) {
        float[] values = RandomFloats.of(count + 3, 1);
        float[] weights = RandomFloats.of(count, 2);
        float[] bias = RandomFloats.of(count, 3);
        float[] result = new float[count + 1];
        LayerNorm.normalize(values, 3, weights, bias, 1e-5f, result, 1);
        double mean = 0;
        for (int i = 0; i < count; i++) {
            mean += values[3 + i] / (double) count;
        }
        double variance = 0;
        for (int i = 0; i < count; i++) {
            variance += (values[3 + i] - mean) * (values[3 + i] - mean) / count;
        }
        for (int i = 0; i < count; i++) {
            double expected = (values[3 + i] - mean) / Math.sqrt(variance + 1e-5f) * weights[i] + bias[i];
            assertEquals(expected, result[1 + i], 2e-6 * Math.max(1, Math.abs(expected)));
        }
        LayerNorm.normalize(values, 3, weights, bias, 1e-5f, values, 3);
        assertArrayEquals(Arrays.copyOfRange(result, 1, count + 1), Arrays.copyOfRange(values, 3, count + 3));
    }
}
