package io.nightshift.jobs.quantize;

import java.io.Serializable;

/**
 * What rounding lost on the rows of a tensor that were read back: sums that can be added up.
 *
 * @param squaredError sum of squared differences
 * @param squaredNorm sum of squared weights
 */
record TensorError(double squaredError, double squaredNorm) implements Serializable {
    static final TensorError NONE = new TensorError(0, 0);

    /** Of the first weights of two arrays. */
    static TensorError of(float[] meant, float[] read, int count) {
        return of(meant, read, count, null, 0);
    }

    /**
     * Of the first weights of two arrays, each counted by its importance.
     *
     * @param importance from {@code offset}; null where all count the same
     */
    static TensorError of(float[] meant, float[] read, int count, float[] importance, int offset) {
        double error = 0;
        double norm = 0;
        for (int i = 0; i < count; i++) {
            double factor = importance == null ? 1 : importance[offset + i];
            double difference = (double) read[i] - meant[i];
            error += factor * difference * difference;
            norm += factor * meant[i] * meant[i];
        }
        return new TensorError(error, norm);
    }

    TensorError plus(TensorError other) {
        return new TensorError(squaredError + other.squaredError, squaredNorm + other.squaredNorm);
    }

    /** Root of the relative squared error, 0 where all weights are zero. */
    double relative() {
        return squaredNorm == 0 ? 0 : Math.sqrt(squaredError / squaredNorm);
    }
}
