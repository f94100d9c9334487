package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, the lower bytes of 32 points of the grid, then two bytes a
 * sub-block: the upper bits of its four points, a 3-bit scale and the direction that its points are shifted in.
 */
final class IQ1_SDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.IQ1_S;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ1_S.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 50, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 32; i++) {
            int upper = ByteLanes.uint16(blocks, b + 34 + 2 * (i >> 2));
            int point = ByteLanes.uint8(blocks, b + 2 + i) | (upper >> 3 * (i & 3) & 7) << 8;
            ShiftedPoints.put(scratch, 8 * i, point, upper >= 0x8000);
        }
        for (int sub = 0; sub < 8; sub++) {
            float scale = d * (2 * (ByteLanes.uint16(blocks, b + 34 + 2 * sub) >> 12 & 7) + 1);
            ShiftedPoints.scaled(scratch, 32 * sub, 32, scale, weights, w + 32 * sub);
        }
    }
}
