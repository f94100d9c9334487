package io.nightshift.kernels.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XieluTest {
    private static final Xielu SOME = Xielu.of(0.3f, -1.2f, 0.5f, -1e-6f);

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 33, 1000})
    void isTheDefinitionInDoublePrecision(int count) {
        float[] values = new float[count + 2];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i % 41 - 20) * 0.37f;
        }
        float[] before = values.clone();
        SOME.apply(values, 1, count);
        double positive = Math.log1p(Math.exp(0.3f));
        double negative = 0.5 + Math.log1p(Math.exp(-1.2f));
        for (int i = 1; i <= count; i++) {
            double x = before[i];
            double expected = x > 0 ? positive * x * x + 0.5 * x : negative * (Math.expm1(x) - x) + 0.5 * x;
            assertEquals(expected, values[i], 1e-6 * Math.max(1, Math.abs(expected)), "at " + x);
        }
        assertEquals(before[0], values[0]);
        assertEquals(before[count + 1], values[count + 1]);
    }

    @Test
    void hasTheSameBitsWhereverANumberStands() {
        float[] values = new float[67];
        for (int i = 0; i < values.length; i++) {
            values[i] = -0.731f;
        }
        values[3] = Float.NaN;
        SOME.apply(values, 0, values.length);
        assertTrue(Float.isNaN(values[3]));
        for (int i = 4; i < values.length; i++) {
            assertEquals(values[0], values[i]);
        }
    }
}
