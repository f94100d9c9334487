package io.nightshift.jobs.rounding;

import java.util.Arrays;

/** Folds scales into a vector: a norm's weights or a bias. */
public final class VectorFolding {
    private VectorFolding() {}

    /**
     * A vector divided by scales, as the checkpoint keeps it.
     *
     * @param weights what the model multiplies by or adds: with the shift
     * @param shift what the model adds to the stored numbers: 1 for Gemma's norms, else 0
     * @param scales positive
     * @param first the element that the first scale belongs to; others stay
     * @return the numbers to be stored, not yet rounded to their type
     */
    public static float[] divided(float[] weights, float shift, float[] scales, int first) {
        float[] stored = Arrays.copyOf(weights, weights.length);
        for (int i = 0; i < scales.length; i++) {
            stored[first + i] = weights[first + i] / scales[i];
        }
        if (shift != 0) {
            for (int i = 0; i < stored.length; i++) {
                stored[i] -= shift;
            }
        }
        return stored;
    }
}
