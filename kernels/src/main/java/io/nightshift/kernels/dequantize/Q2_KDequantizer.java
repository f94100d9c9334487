package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks of 16 times 16: 16 bytes with a scale below a minimum, 64 bytes of four numbers each, then the
 * half-precision units of scales and of minimums.
 */
final class Q2_KDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q2_K;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q2_K.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 84, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b + 80);
        float dmin = ByteLanes.half(blocks, b + 82);
        for (int sub = 0; sub < 16; sub++) {
            int scales = ByteLanes.uint8(blocks, b + sub);
            float scale = d * (scales & 15);
            float minimum = dmin * (scales >> 4);
            // 128 weights share 32 bytes: sub-blocks 2n and 2n + 1 take bits 2n and 2n + 1 of their halves.
            int q = b + 16 + 32 * (sub >> 3) + 16 * (sub & 1);
            IntVector shifts = IntVector.broadcast(Lanes.INT, sub & 6);
            for (int i = 0; i < 16; i += Lanes.COUNT) {
                IntVector bits = ByteLanes.loose(blocks, q + i).lanewise(VectorOperators.LSHR, shifts).and(3);
                ByteLanes.toFloat(bits).mul(scale).sub(minimum).intoArray(weights, w + 16 * sub + i);
            }
        }
    }
}
