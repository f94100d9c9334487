package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/** Blocks of 32: a half-precision scale, 16 bytes with two numbers of table values. */
final class IQ4_NLDequantizer implements RowDequantizer {
    private static final float[] VALUES = TableValues.floats(Codebooks.iq4nl());

    @Override
    public GgmlType type() {
        return GgmlType.IQ4_NL;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ4_NL.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 18, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        TableValues.thirtyTwo(VALUES, d, blocks, b + 2, weights, w);
    }
}
