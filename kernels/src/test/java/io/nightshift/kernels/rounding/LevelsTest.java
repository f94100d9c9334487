package io.nightshift.kernels.rounding;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.kernels.HalfFloat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LevelsTest {
    private static final int COUNT = 4096;

    /** Weights of all sizes, ties between two levels among them, and groups whose scale is zero. */
    private final float[] weights = new float[COUNT];
    private final float[] scales = new float[COUNT];
    private final float[] offsets = new float[COUNT];
    private final int[] levels = new int[COUNT];
    private final float[] values = new float[COUNT];

    LevelsTest() {
        Random random = new Random(7);
        for (int i = 0; i < COUNT; i++) {
            scales[i] = i % 50 == 0 ? 0 : HalfFloat.toFloat(HalfFloat.fromFloat(random.nextFloat() + 0.01f));
            offsets[i] = i % 3 == 0 ? 0 : random.nextFloat() - 0.5f;
            weights[i] = i % 3 == 0 ? scales[i] * (random.nextInt(40) - 20) / 2 : (float) random.nextGaussian() * 6;
        }
    }

    @Test
    void integersAreTheNearestAndTiesEven() {
        IntegerLevels integers = new IntegerLevels(-8, 7);
        integers.round(weights, 0, COUNT, scales, offsets, 0, levels, values);
        for (int i = 0; i < COUNT; i++) {
            int level = nearest((weights[i] - offsets[i]) / scales[i], scales[i], -8, 7);
            assertEquals(level, levels[i], "level " + i);
            assertEquals(level * scales[i] + offsets[i], values[i], "value " + i);
        }
    }

    @Test
    void integersOfHalvesHaveRoundedValues() {
        new HalfLevels(-32, 31).round(weights, 0, COUNT, scales, null, 0, levels, values);
        for (int i = 0; i < COUNT; i++) {
            int level = nearest(weights[i] / scales[i], scales[i], -32, 31);
            assertEquals(level, levels[i], "level " + i);
            assertEquals(HalfFloat.toFloat(HalfFloat.fromFloat(level * scales[i])), values[i], "value " + i);
        }
    }

    @Test
    void numbersOfATableAreTheNearest() {
        float[] numbers = {-9, -2.5f, -1, 0.25f, 3, 11};
        new TableLevels(numbers).round(weights, 0, COUNT, scales, offsets, 0, levels, values);
        for (int i = 0; i < COUNT; i++) {
            float steps = scales[i] == 0 ? 0 : (weights[i] - offsets[i]) / scales[i];
            int level = 0;
            while (level < numbers.length - 1 && steps > (numbers[level] + numbers[level + 1]) / 2) {
                level++;
            }
            assertEquals(level, levels[i], "level " + i);
            assertEquals(numbers[level] * scales[i] + offsets[i], values[i], "value " + i);
        }
    }

    private static int nearest(float steps, float scale, int least, int largest) {
        return scale == 0 ? 0 : (int) Math.rint(Math.max(least, Math.min(largest, steps)));
    }
}
