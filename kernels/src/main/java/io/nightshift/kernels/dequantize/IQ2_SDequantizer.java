package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 16 times 16: a half-precision scale, 32 bytes with the lower bits of points of the grid, 32 bytes of
 * signs, 8 bytes with the upper bits, then 4-bit scales.
 */
final class IQ2_SDequantizer implements RowDequantizer {
    private static final long[] POINTS = GridPoints.packed(Codebooks.Grid.IQ2S);

    @Override
    public GgmlType type() {
        return GgmlType.IQ2_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ2_S.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 82, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 32; i++) {
            int upper = blocks[b + 66 + (i >> 2)] >> 2 * (i & 3) & 3;
            int point = ByteLanes.uint8(blocks, b + 2 + i) | upper << 8;
            GridPoints.put(scratch, 8 * i, POINTS[point], ByteLanes.uint8(blocks, b + 34 + i));
        }
        for (int sub = 0; sub < 16; sub++) {
            float scale = GridPoints.scale(d, blocks[b + 74 + (sub >> 1)] >> 4 * (sub & 1) & 15);
            GridPoints.scaled(scratch, 16 * sub, 16, scale, weights, w + 16 * sub);
        }
    }
}
