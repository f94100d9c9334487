package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, 6-bit scales (the upper pairs of bits, then the lower halves),
 * 128 bytes with two numbers of table values.
 */
final class IQ4_XSDequantizer implements RowDequantizer {
    private static final float[] VALUES = TableValues.floats(Codebooks.iq4nl());

    @Override
    public GgmlType type() {
        return GgmlType.IQ4_XS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ4_XS.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 136, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        int upper = ByteLanes.uint16(blocks, b + 2);
        int lower = ByteLanes.int32(blocks, b + 4);
        for (int sub = 0; sub < 8; sub++) {
            int scale = lower >>> 4 * sub & 15 | (upper >> 2 * sub & 3) << 4;
            TableValues.thirtyTwo(VALUES, d * (scale - 32), blocks, b + 8 + 16 * sub, weights, w + 32 * sub);
        }
    }
}
