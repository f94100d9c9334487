package io.nightshift.kernels.linear;

import java.util.Random;

/** Normally distributed numbers from a seed. */
public final class RandomFloats {
    private RandomFloats() {}

    public static float[] of(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
