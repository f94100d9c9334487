package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 16 times 16: a half-precision scale, 32 times two bytes with a point of the grid and its seven
 * signs, then 4-bit scales.
 */
final class IQ2_XSDequantizer implements RowDequantizer {
    private static final long[] POINTS = GridPoints.packed(Codebooks.Grid.IQ2XS);

    @Override
    public GgmlType type() {
        return GgmlType.IQ2_XS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ2_XS.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 74, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 32; i++) {
            int bits = ByteLanes.uint16(blocks, b + 2 + 2 * i);
            GridPoints.put(scratch, 8 * i, POINTS[bits & 511], Codebooks.signs(bits >>> 9));
        }
        for (int sub = 0; sub < 16; sub++) {
            float scale = GridPoints.scale(d, blocks[b + 66 + (sub >> 1)] >> 4 * (sub & 1) & 15);
            GridPoints.scaled(scratch, 16 * sub, 16, scale, weights, w + 16 * sub);
        }
    }
}
