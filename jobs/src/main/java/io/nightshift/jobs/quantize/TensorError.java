package io.nightshift.jobs.quantize;

import java.io.Serializable;

/**
 * What quantization lost on the rows of a tensor that were looked at: sums that can be added up.
 *
 * @param squaredError sum of squared differences
 * @param squaredNorm sum of squared weights
 */
public record TensorError(double squaredError, double squaredNorm) implements Serializable {
    static final TensorError NONE = new TensorError(0, 0);

    TensorError plus(TensorError other) {
        return new TensorError(squaredError + other.squaredError, squaredNorm + other.squaredNorm);
    }

    /** Root of the relative squared error, 0 where all weights are zero. */
    public double relative() {
        return squaredNorm == 0 ? 0 : Math.sqrt(squaredError / squaredNorm);
    }
}
