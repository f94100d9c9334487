package io.nightshift.kernels.scaling;

import io.nightshift.kernels.encoding.RowCoder;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Rows of a linear layer whose input channels are to be scaled.
 *
 * @param weights row-major, {@code rows * columns}; finite
 * @param coder makes what encodes the rows; called by several threads
 */
public record ScaledLinear(float[] weights, int rows, int columns, Supplier<RowCoder> coder) {
    /** Checks the array's length. */
    public ScaledLinear {
        Objects.checkFromIndexSize(0, Math.multiplyExact(rows, columns), weights.length);
    }

    /**
     * A fixed sample of rows, evenly spread.
     *
     * @param most rows to keep at most
     */
    public ScaledLinear sample(int most) {
        if (most >= rows) {
            return this;
        }
        float[] sample = new float[most * columns];
        for (int i = 0; i < most; i++) {
            int row = (int) ((long) i * rows / most);
            System.arraycopy(weights, row * columns, sample, i * columns, columns);
        }
        return new ScaledLinear(sample, most, columns, coder);
    }
}
