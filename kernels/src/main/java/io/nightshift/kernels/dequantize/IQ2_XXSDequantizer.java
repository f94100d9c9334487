package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/**
 * Super-blocks of 8 times 32: a half-precision scale, then eight bytes a sub-block: four points of the grid, their
 * signs in four times seven bits, and a 4-bit scale.
 */
final class IQ2_XXSDequantizer implements RowDequantizer {
    private static final long[] POINTS = GridPoints.packed(Codebooks.Grid.IQ2XXS);

    @Override
    public GgmlType type() {
        return GgmlType.IQ2_XXS;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.IQ2_XXS.rowBytes(count));
        byte[] scratch = new byte[GridPoints.SCRATCH];
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 66, w += 256) {
            block(blocks, b, scratch, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, byte[] scratch, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int sub = 0; sub < 8; sub++) {
            int at = b + 2 + 8 * sub;
            int signs = ByteLanes.int32(blocks, at + 4);
            for (int l = 0; l < 4; l++) {
                int minus = Codebooks.signs(signs >>> 7 * l & 127);
                GridPoints.put(scratch, 32 * sub + 8 * l, POINTS[ByteLanes.uint8(blocks, at + l)], minus);
            }
        }
        for (int sub = 0; sub < 8; sub++) {
            float scale = GridPoints.scale(d, ByteLanes.int32(blocks, b + 6 + 8 * sub) >>> 28);
            GridPoints.scaled(scratch, 32 * sub, 32, scale, weights, w + 32 * sub);
        }
    }
}
