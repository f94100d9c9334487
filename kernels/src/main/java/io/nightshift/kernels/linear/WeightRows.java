package io.nightshift.kernels.linear;

/** A matrix of weights, whatever form it is kept in: gives its rows as floats. Safe for use by several threads. */
public interface WeightRows {
    /**
     * A slice of consecutive rows.
     *
     * @param from first row
     * @param to row behind the last one
     * @param firstColumn where the slice of each row starts, a multiple of {@link Gemm#RUN}
     * @param columns weights of each row, at most {@link Gemm#RUN}
     * @param into receives row {@code from + i} from {@code i * stride} on
     * @param stride distance of two rows, at least {@code columns}
     */
    void read(int from, int to, int firstColumn, int columns, float[] into, int stride);
}
