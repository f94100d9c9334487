package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;

/**
 * Turns blocks of one type back into weights, bit for bit as ggml's {@code dequantize_row_*} does.
 *
 * <p>Instances are stateless. Get them with {@link Dequantizers#of(GgmlType)}.
 */
public interface RowDequantizer {
    /** The type of the blocks. */
    GgmlType type();

    /**
     * Dequantizes whole blocks.
     *
     * @param blocks the blocks, one after another
     * @param blocksOffset index of the first byte
     * @param weights receives {@code count} weights
     * @param weightsOffset index of the first weight
     * @param count number of weights, a multiple of the type's block size
     */
    void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count);
}
