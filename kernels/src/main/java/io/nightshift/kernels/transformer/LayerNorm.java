package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** Layer normalization (Ba et al., 2016): y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias. */
public final class LayerNorm {
    private LayerNorm() {}

    /**
     * Normalizes one vector.
     *
     * @param weights as many as the vector has elements, {@code bias} likewise
     * @param result receives the normalized vector from {@code to} on; it may be {@code values} at the same place
     */
    public static void normalize(float[] values, int at, float[] weights, float[] bias, float epsilon, float[] result, int to) {
        int count = weights.length;
        int whole = count - count % Lanes.COUNT;
        float mean = PartialSums.sum(values, at, count) / count;
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.FLOAT, values, at + i).sub(mean).intoArray(result, to + i);
        }
        for (int i = whole; i < count; i++) {
            result[to + i] = values[at + i] - mean;
        }
        float scale = (float) (1 / Math.sqrt(PartialSums.squares(result, to, count) / count + epsilon));
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.FLOAT, result, to + i)
                    .mul(scale)
                    .mul(FloatVector.fromArray(Lanes.FLOAT, weights, i))
                    .add(FloatVector.fromArray(Lanes.FLOAT, bias, i))
                    .intoArray(result, to + i);
        }
        for (int i = whole; i < count; i++) {
            result[to + i] = result[to + i] * scale * weights[i] + bias[i];
        }
    }
}
