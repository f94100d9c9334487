package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, the lower bytes of 32 points of the grid, then two bytes a
 * sub-block: the upper bits of its four points, a 3-bit scale and the direction that its points are shifted in.
 */
final class IQ1_SDequantizer implements RowDequantizer {
    private static final float[] POINTS = Codebooks.Grid.IQ1S.points();

    @Override
    public GgmlType type() {
        return GgmlType.IQ1_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ1_S.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 50, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 8; sub++) {
            int upper = ByteLanes.uint16(blocks, b + 34 + 2 * sub);
            float scale = d * (2 * (upper >> 12 & 7) + 1);
            float shift = (upper & 0x8000) != 0 ? -Codebooks.IQ1_DELTA : Codebooks.IQ1_DELTA;
            for (int l = 0; l < 4; l++) {
                int point = ByteLanes.uint8(blocks, b + 2 + 4 * sub + l) | (upper >> 3 * l & 7) << 8;
                GridPoints.shifted(POINTS, point, shift, scale, weights, w + 32 * sub + 8 * l);
            }
        }
    }
}
