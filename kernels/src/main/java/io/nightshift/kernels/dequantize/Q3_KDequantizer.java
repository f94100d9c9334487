package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks of 16 times 16: 32 bytes of third bits, 64 bytes of four numbers each, 12 bytes of 6-bit scales, then
 * the half-precision unit of the scales. A third bit that is not set takes 4 off.
 */
final class Q3_KDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q3_K;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q3_K.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 110, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b + 108);
        for (int sub = 0; sub < 16; sub++) {
            float scale = d * (scale(blocks, b + 96, sub) - 32);
            int half = 16 * (sub & 1);
            int q = b + 32 + 32 * (sub >> 3) + half;
            IntVector shift = IntVector.broadcast(Lanes.INT, sub & 6);
            IntVector third = IntVector.broadcast(Lanes.INT, sub >> 1);
            for (int i = 0; i < 16; i += Lanes.COUNT) {
                IntVector low = ByteLanes.loose(blocks, q + i).lanewise(VectorOperators.LSHR, shift).and(3);
                IntVector high = ByteLanes.loose(blocks, b + half + i).lanewise(VectorOperators.LSHR, third).and(1);
                IntVector number = low.add(high.lanewise(VectorOperators.LSHL, 2)).sub(4);
                ByteLanes.toFloat(number).mul(scale).intoArray(weights, w + 16 * sub + i);
            }
        }
    }

    /** The scale of a sub-block: four bits of one of the first eight bytes, and two of one of the last four. */
    private static int scale(byte[] blocks, int scales, int sub) {
        int low = blocks[scales + (sub & 7)] >> 4 * (sub >> 3) & 15;
        int high = blocks[scales + 8 + (sub & 3)] >> 2 * (sub >> 2) & 3;
        return low | high << 4;
    }
}
