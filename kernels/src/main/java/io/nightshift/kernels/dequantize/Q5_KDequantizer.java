package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Super-blocks of 8 times 32: as Q4_K, with 32 bytes of fifth bits, one bit a sub-block, before the numbers. */
final class Q5_KDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q5_K;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q5_K.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 176, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        float dmin = ByteLanes.half(blocks, b + 2);
        for (int sub = 0; sub < 8; sub += 2) {
            float scale0 = d * Q4_KDequantizer.scale(blocks, b + 4, sub);
            float minimum0 = dmin * Q4_KDequantizer.minimum(blocks, b + 4, sub);
            float scale1 = d * Q4_KDequantizer.scale(blocks, b + 4, sub + 1);
            float minimum1 = dmin * Q4_KDequantizer.minimum(blocks, b + 4, sub + 1);
            IntVector shifts = IntVector.broadcast(Lanes.INT, sub);
            for (int i = 0; i < 32; i += Lanes.COUNT) {
                IntVector fifths = ByteLanes.loose(blocks, b + 16 + i)
                        .lanewise(VectorOperators.LSHR, shifts)
                        .lanewise(VectorOperators.LSHL, 4);
                IntVector q = ByteLanes.loose(blocks, b + 48 + 16 * sub + i);
                IntVector low = q.and(15).or(fifths.and(16));
                IntVector high = q.lanewise(VectorOperators.LSHR, 4)
                        .and(15)
                        .or(fifths.lanewise(VectorOperators.LSHR, 1).and(16));
                ByteLanes.toFloat(low).mul(scale0).sub(minimum0).intoArray(weights, w + 32 * sub + i);
                ByteLanes.toFloat(high).mul(scale1).sub(minimum1).intoArray(weights, w + 32 * sub + 32 + i);
            }
        }
    }
}
