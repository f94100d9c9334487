package io.nightshift.kernels.reference;

import java.util.Arrays;

/** Non-negative values as levels of one unit by weighted least squares (ggml-quants.c, make_qp_quants). */
final class ScalarScaleRounding {
    private ScalarScaleRounding() {}

    /** Writes the levels, as bytes, and returns the unit. */
    static float round(float[] x, float[] w, int maxLevel, int[] levels) {
        float largest = 0;
        for (float value : x) {
            largest = largest > value ? largest : value;
        }
        if (largest < 1e-15f) {
            Arrays.fill(levels, 0);
            return 0;
        }
        float inverse = maxLevel / largest;
        float best = 0;
        for (int i = 0; i < x.length; i++) {
            float difference = x[i] - 1 / inverse * (ScalarScaleMin.nearestInt(inverse * x[i]) & 0xff);
            best += w[i] * difference * difference;
        }
        for (int s = -4; s <= 4; s++) {
            float candidate = (0.1f * s + maxLevel) / largest;
            float error = 0;
            for (int i = 0; i < x.length; i++) {
                int level = Math.min(maxLevel, ScalarScaleMin.nearestInt(candidate * x[i]));
                float difference = x[i] - 1 / candidate * level;
                error += w[i] * difference * difference;
            }
            if (s != 0 && error < best) {
                best = error;
                inverse = candidate;
            }
        }
        float sumXL = 0;
        float sumL2 = 0;
        for (int i = 0; i < x.length; i++) {
            int level = Math.min(maxLevel, ScalarScaleMin.nearestInt(inverse * x[i]));
            levels[i] = level & 0xff;
            sumXL += w[i] * x[i] * level;
            sumL2 += w[i] * level * level;
        }
        boolean changed = true;
        for (int pass = 0; pass < 5 && changed; pass++) {
            changed = false;
            for (int i = 0; i < x.length; i++) {
                float otherXL = sumXL - w[i] * x[i] * levels[i];
                float otherL2 = sumL2 - w[i] * levels[i] * levels[i];
                if (!(otherXL > 0 && otherL2 > 0)) {
                    continue;
                }
                int level = Math.min(maxLevel, ScalarScaleMin.nearestInt(x[i] * otherL2 / otherXL));
                otherXL += w[i] * x[i] * level;
                otherL2 += w[i] * level * level;
                if (level != levels[i] && otherXL * otherXL * sumL2 > sumXL * sumXL * otherL2) {
                    levels[i] = level & 0xff;
                    sumXL = otherXL;
                    sumL2 = otherL2;
                    changed = true;
                }
            }
        }
        return sumL2 > 0 ? sumXL / sumL2 : 0;
    }
}
