package io.nightshift.kernels.exl2;

import io.nightshift.kernels.encoding.EncodedRows;

/**
 * Some outputs of a linear layer, with what all of its outputs share.
 *
 * @param layout the layer's groups
 * @param order channel at each place of activation order
 * @param maxima {@code q_scale_max}, a half a group
 * @param rows number of outputs
 * @param levels [rows, channels], channels in their own order: for each weight its step, from -2^(bits-1) to 2^(bits-1) - 1
 * @param codes [rows, groups]: 0 to 15
 */
public record Exl2Rows(GroupLayout layout, int[] order, short[] maxima, int rows, byte[] levels, byte[] codes)
        implements EncodedRows {
    @Override
    public int columns() {
        return layout.channels();
    }
}
