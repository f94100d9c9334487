package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, the lower bytes of 64 points of the grid, their upper bits, 32
 * bytes of signs, then 4-bit scales.
 */
final class IQ3_SDequantizer implements RowDequantizer {
    private static final float[] POINTS = Codebooks.Grid.IQ3S.points();

    @Override
    public GgmlType type() {
        return GgmlType.IQ3_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ3_S.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 110, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 8; sub++) {
            float scale = d * (1 + 2 * (blocks[b + 106 + (sub >> 1)] >> 4 * (sub & 1) & 15));
            int upper = ByteLanes.uint8(blocks, b + 66 + sub) << 8;
            for (int l = 0; l < 4; l++) {
                int at = b + 2 + 8 * sub + 2 * l;
                int point0 = ByteLanes.uint8(blocks, at) | upper >> 2 * l & 256;
                int point1 = ByteLanes.uint8(blocks, at + 1) | upper >> 2 * l + 1 & 256;
                int minus = ByteLanes.uint8(blocks, b + 74 + 4 * sub + l);
                GridPoints.fourAndFour(POINTS, point0, point1, minus, scale, weights, w + 32 * sub + 8 * l);
            }
        }
    }
}
