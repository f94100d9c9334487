package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;

/**
 * Quantizes rows of weights into blocks of one type, byte for byte as ggml's {@code ggml_quantize_chunk} does in a build
 * for baseline x86-64 (no fused multiply-add).
 *
 * <p>An instance may hold scratch arrays: use one per thread. Create them with {@link Quantizers#create(GgmlType)}.
 */
public interface RowQuantizer {
    /** The type of the blocks. */
    GgmlType type();

    /**
     * Quantizes whole rows.
     *
     * @param weights the rows, one after another, row-major; finite
     * @param weightsOffset index of the first weight
     * @param rows number of rows
     * @param columns weights a row, a multiple of the type's block size
     * @param importance the importance of each column, non-negative and the same for all of these rows, or {@code null}
     *     to quantize without an importance matrix (another algorithm in ggml, not the same as all ones)
     * @param importanceOffset index of the first column's importance
     * @param blocks receives {@code rows * type().rowBytes(columns)} bytes
     * @param blocksOffset index of the first byte
     * @throws IllegalArgumentException if a row is not whole blocks, or the type has no path without importance and
     *     {@code importance} is null
     * @throws IndexOutOfBoundsException if an array is too short
     */
    void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset);
}
