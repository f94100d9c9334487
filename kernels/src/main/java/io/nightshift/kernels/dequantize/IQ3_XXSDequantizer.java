package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, 64 points of the grid, then four bytes a sub-block: the signs in
 * four times seven bits, and a 4-bit scale.
 */
final class IQ3_XXSDequantizer implements RowDequantizer {
    private static final float[] POINTS = Codebooks.Grid.IQ3XXS.points();

    @Override
    public GgmlType type() {
        return GgmlType.IQ3_XXS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ3_XXS.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 98, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 8; sub++) {
            int signs = ByteLanes.int32(blocks, b + 66 + 4 * sub);
            float scale = d * (0.5f + (signs >>> 28)) * 0.5f;
            for (int l = 0; l < 4; l++) {
                int at = b + 2 + 8 * sub + 2 * l;
                int point0 = ByteLanes.uint8(blocks, at);
                int point1 = ByteLanes.uint8(blocks, at + 1);
                int minus = Codebooks.signs(signs >>> 7 * l & 127);
                GridPoints.fourAndFour(POINTS, point0, point1, minus, scale, weights, w + 32 * sub + 8 * l);
            }
        }
    }
}
