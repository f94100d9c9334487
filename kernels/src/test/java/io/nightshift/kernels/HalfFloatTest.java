package io.nightshift.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HalfFloatTest {
    @Test
    void everyHalfComesBackFromItsFloat() {
        for (int half = 0; half < 65536; half++) {
            float value = HalfFloat.toFloat(half);
            if ((half & 0x7fff) > 0x7c00) {
                assertTrue(Float.isNaN(value));
                assertEquals((short) (half & 0x8000 | 0x7e00), HalfFloat.fromFloat(value));
            } else {
                assertEquals((short) half, HalfFloat.fromFloat(value));
            }
        }
    }

    @Test
    void floatsBetweenTwoHalvesGoToTheNearerAndTiesToTheEven() {
        for (int half = 0; half < 0x7c00; half++) {
            double low = HalfFloat.toFloat(half);
            double high = half == 0x7bff ? 65536 : HalfFloat.toFloat(half + 1);
            float middle = (float) ((low + high) / 2);
            assertEquals((low + high) / 2, middle);
            int even = half + (half & 1);
            assertBothSigns(even, middle);
            assertBothSigns(half, Math.nextDown(middle));
            assertBothSigns(half + 1, Math.nextUp(middle));
        }
    }

    @Test
    void extremesAreThoseOfIeee() {
        assertBothSigns(0, Float.MIN_VALUE);
        assertBothSigns(0x7c00, Float.MAX_VALUE);
        assertBothSigns(0x7c00, Float.POSITIVE_INFINITY);
        assertBothSigns(0x7bff, 65504f);
        assertBothSigns(0x3c00, 1f);
    }

    private static void assertBothSigns(int half, float value) {
        assertEquals((short) half, HalfFloat.fromFloat(value));
        assertEquals((short) (half | 0x8000), HalfFloat.fromFloat(-value));
    }
}
