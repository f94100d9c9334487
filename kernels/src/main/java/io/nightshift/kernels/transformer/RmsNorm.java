package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** Root mean square layer normalization (Zhang and Sennrich, 2019): y = x / sqrt(mean(x²) + epsilon) * weight. */
public final class RmsNorm {
    private RmsNorm() {}

    /**
     * Normalizes one vector.
     *
     * @param weights as many as the vector has elements
     * @param result receives the normalized vector from {@code to} on; it may be {@code values} at the same place
     */
    public static void normalize(float[] values, int at, float[] weights, float epsilon, float[] result, int to) {
        int count = weights.length;
        float mean = PartialSums.squares(values, at, count) / count;
        float scale = (float) (1 / Math.sqrt(mean + epsilon));
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.FLOAT, values, at + i)
                    .mul(scale)
                    .mul(FloatVector.fromArray(Lanes.FLOAT, weights, i))
                    .intoArray(result, to + i);
        }
        for (; i < count; i++) {
            result[to + i] = values[at + i] * scale * weights[i];
        }
    }
}
