package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;

/**
 * Super-blocks of 16 times 16: the lower bytes of 32 points of the grid, half a byte each with the upper bits and the
 * direction of the shift, then four times 16 bits: four 3-bit scales each, and a quarter of the half-precision scale.
 */
final class IQ1_MDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.IQ1_M;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ1_M.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 56, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = HalfFloat.toFloat(scaleBits(blocks, b + 48));
        for (int i = 0; i < 32; i++) {
            int upper = blocks[b + 32 + (i >> 1)] >> 4 * (i & 1);
            int point = ByteLanes.uint8(blocks, b + i) | (upper & 7) << 8;
            ShiftedPoints.put(scratch, 8 * i, point, (upper & 8) != 0);
        }
        for (int sub = 0; sub < 16; sub++) {
            int scales = ByteLanes.uint16(blocks, b + 48 + 2 * (sub >> 2));
            float scale = d * (2 * (scales >> 3 * (sub & 3) & 7) + 1);
            ShiftedPoints.scaled(scratch, 16 * sub, 16, scale, weights, w + 16 * sub);
        }
    }

    /** The half-precision scale, gathered from the uppermost bits of the four. */
    private static int scaleBits(byte[] blocks, int scales) {
        return ByteLanes.uint16(blocks, scales) >> 12
                | ByteLanes.uint16(blocks, scales + 2) >> 8 & 0xf0
                | ByteLanes.uint16(blocks, scales + 4) >> 4 & 0xf00
                | ByteLanes.uint16(blocks, scales + 6) & 0xf000;
    }
}
