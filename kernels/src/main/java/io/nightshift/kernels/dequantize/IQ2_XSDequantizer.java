package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 16 times 16: a half-precision scale, 32 times two bytes with a point of the grid and its seven
 * signs, then 4-bit scales.
 */
final class IQ2_XSDequantizer implements RowDequantizer {
    private static final float[] POINTS = Codebooks.Grid.IQ2XS.points();

    @Override
    public GgmlType type() {
        return GgmlType.IQ2_XS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ2_XS.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 74, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 16; sub++) {
            float scale = GridPoints.scale(d, blocks[b + 66 + (sub >> 1)] >> 4 * (sub & 1) & 15);
            for (int l = 0; l < 2; l++) {
                int bits = ByteLanes.uint16(blocks, b + 2 + 4 * sub + 2 * l);
                int minus = Codebooks.signs(bits >>> 9);
                GridPoints.eight(POINTS, bits & 511, minus, scale, weights, w + 16 * sub + 8 * l);
            }
        }
    }
}
