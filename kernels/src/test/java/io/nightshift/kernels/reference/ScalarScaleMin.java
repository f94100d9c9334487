package io.nightshift.kernels.reference;

import java.util.Arrays;

/** The scale and minimum of one sub-block (ggml-quants.c, make_qkx2_quants and make_qkx3_quants), and its levels. */
final class ScalarScaleMin {
    final int[] levels;
    float scale;
    float min;

    private final int maxLevel;
    private final float first;
    private final float step;
    private final int steps;
    private final boolean absolute;

    ScalarScaleMin(int size, int maxLevel, float first, float step, int steps, boolean absolute) {
        this.maxLevel = maxLevel;
        this.first = first;
        this.step = step;
        this.steps = steps;
        this.absolute = absolute;
        levels = new int[size];
    }

    static int nearestInt(float value) {
        return (Float.floatToRawIntBits(value + 12582912f) & 0x7fffff) - 0x400000;
    }

    /** Searches {@code x[offset...]}, each error weighing {@code w[...]}. */
    void search(float[] x, int offset, float[] w) {
        float low = x[offset];
        float high = x[offset];
        float sumW = w[0];
        float sumX = w[0] * x[offset];
        for (int i = 1; i < levels.length; i++) {
            low = x[offset + i] < low ? x[offset + i] : low;
            high = x[offset + i] > high ? x[offset + i] : high;
            sumW += w[i];
            sumX += w[i] * x[offset + i];
        }
        low = low > 0 ? 0 : low;
        min = -low;
        scale = 0;
        if (high == low) {
            Arrays.fill(levels, 0);
            return;
        }
        int[] candidate = new int[levels.length];
        round(x, offset, maxLevel / (high - low), low, levels);
        scale = 1 / (maxLevel / (high - low));
        float best = error(x, offset, w, levels, scale, low);
        for (int s = 0; s <= steps; s++) {
            round(x, offset, (first + step * s + maxLevel) / (high - low), low, candidate);
            float sumL = 0;
            float sumL2 = 0;
            float sumXL = 0;
            for (int i = 0; i < candidate.length; i++) {
                sumL += w[i] * candidate[i];
                sumL2 += w[i] * candidate[i] * candidate[i];
                sumXL += w[i] * candidate[i] * x[offset + i];
            }
            float determinant = sumW * sumL2 - sumL * sumL;
            if (determinant > 0) {
                float candidateScale = (sumW * sumXL - sumX * sumL) / determinant;
                float candidateLow = (sumL2 * sumX - sumL * sumXL) / determinant;
                if (candidateLow > 0) {
                    candidateLow = 0;
                    candidateScale = sumXL / sumL2;
                }
                float error = error(x, offset, w, candidate, candidateScale, candidateLow);
                if (error < best) {
                    System.arraycopy(candidate, 0, levels, 0, levels.length);
                    best = error;
                    scale = candidateScale;
                    low = candidateLow;
                }
            }
        }
        min = -low;
    }

    private void round(float[] x, int offset, float inverse, float low, int[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(0, Math.min(maxLevel, nearestInt(inverse * (x[offset + i] - low))));
        }
    }

    private float error(float[] x, int offset, float[] w, int[] l, float scale, float low) {
        float error = 0;
        for (int i = 0; i < l.length; i++) {
            float difference = scale * l[i] + low - x[offset + i];
            error += w[i] * (absolute ? Math.abs(difference) : difference * difference);
        }
        return error;
    }
}
