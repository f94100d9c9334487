package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, the lower bytes of 64 points of the grid, their upper bits, 32
 * bytes of signs, then 4-bit scales.
 */
final class IQ3_SDequantizer implements RowDequantizer {
    private static final long[] POINTS = GridPoints.packed(Codebooks.Grid.IQ3S);

    @Override
    public GgmlType type() {
        return GgmlType.IQ3_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ3_S.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 110, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 32; i++) {
            int upper = blocks[b + 66 + (i >> 2)] >> 2 * (i & 3);
            int point0 = ByteLanes.uint8(blocks, b + 2 + 2 * i) | (upper & 1) << 8;
            int point1 = ByteLanes.uint8(blocks, b + 3 + 2 * i) | (upper & 2) << 7;
            long points = POINTS[point0] | POINTS[point1] << 32;
            GridPoints.put(scratch, 8 * i, points, ByteLanes.uint8(blocks, b + 74 + i));
        }
        for (int sub = 0; sub < 8; sub++) {
            float scale = d * (1 + 2 * (blocks[b + 106 + (sub >> 1)] >> 4 * (sub & 1) & 15));
            GridPoints.scaled(scratch, 32 * sub, 32, scale, weights, w + 32 * sub);
        }
    }
}
