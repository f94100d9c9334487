package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 16 times 16: a half-precision scale, 32 bytes with the lower bits of points of the grid, 32 bytes of
 * signs, 8 bytes with the upper bits, then 4-bit scales.
 */
final class IQ2_SDequantizer implements RowDequantizer {
    private static final float[] POINTS = Codebooks.Grid.IQ2S.points();

    @Override
    public GgmlType type() {
        return GgmlType.IQ2_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ2_S.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 82, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 16; sub++) {
            float scale = GridPoints.scale(d, blocks[b + 74 + (sub >> 1)] >> 4 * (sub & 1) & 15);
            int upper = blocks[b + 66 + (sub >> 1)] >> 4 * (sub & 1);
            for (int l = 0; l < 2; l++) {
                int at = b + 2 + 2 * sub + l;
                int point = ByteLanes.uint8(blocks, at) | (upper >> 2 * l & 3) << 8;
                int minus = ByteLanes.uint8(blocks, at + 32);
                GridPoints.eight(POINTS, point, minus, scale, weights, w + 16 * sub + 8 * l);
            }
        }
    }
}
