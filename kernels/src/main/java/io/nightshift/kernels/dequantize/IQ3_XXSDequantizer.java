package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, 64 points of the grid, then four bytes a sub-block: the signs in
 * four times seven bits, and a 4-bit scale.
 */
final class IQ3_XXSDequantizer implements RowDequantizer {
    private static final long[] POINTS = GridPoints.packed(Codebooks.Grid.IQ3XXS);

    @Override
    public GgmlType type() {
        return GgmlType.IQ3_XXS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ3_XXS.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 98, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 8; sub++) {
            int signs = ByteLanes.int32(blocks, b + 66 + 4 * sub);
            for (int l = 0; l < 4; l++) {
                int at = b + 2 + 8 * sub + 2 * l;
                long points = POINTS[ByteLanes.uint8(blocks, at)] | POINTS[ByteLanes.uint8(blocks, at + 1)] << 32;
                GridPoints.put(scratch, 32 * sub + 8 * l, points, Codebooks.signs(signs >>> 7 * l & 127));
            }
        }
        for (int sub = 0; sub < 8; sub++) {
            float scale = d * (0.5f + (ByteLanes.int32(blocks, b + 66 + 4 * sub) >>> 28)) * 0.5f;
            GridPoints.scaled(scratch, 32 * sub, 32, scale, weights, w + 32 * sub);
        }
    }
}
