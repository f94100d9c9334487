package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks of 8 times 32: the half-precision units of scales and of minimums, 12 bytes of 6-bit scales and
 * minimums, 128 bytes of two numbers each, of which sub-blocks 2n and 2n + 1 share 32.
 */
final class Q4_KDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q4_K;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q4_K.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 144, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        float dmin = ByteLanes.half(blocks, b + 2);
        for (int sub = 0; sub < 8; sub += 2) {
            float scale0 = d * scale(blocks, b + 4, sub);
            float minimum0 = dmin * minimum(blocks, b + 4, sub);
            float scale1 = d * scale(blocks, b + 4, sub + 1);
            float minimum1 = dmin * minimum(blocks, b + 4, sub + 1);
            for (int i = 0; i < 32; i += Lanes.COUNT) {
                IntVector q = ByteLanes.loose(blocks, b + 16 + 16 * sub + i);
                IntVector low = q.and(15);
                IntVector high = q.lanewise(VectorOperators.LSHR, 4).and(15);
                ByteLanes.toFloat(low).mul(scale0).sub(minimum0).intoArray(weights, w + 32 * sub + i);
                ByteLanes.toFloat(high).mul(scale1).sub(minimum1).intoArray(weights, w + 32 * sub + 32 + i);
            }
        }
    }

    /** The 6-bit scale of a sub-block; {@code get_scale_min_k4}. */
    static int scale(byte[] blocks, int scales, int sub) {
        int own = blocks[scales + (sub & 3)];
        return sub < 4 ? own & 63 : blocks[scales + 4 + sub] & 15 | (own & 0xc0) >> 2;
    }

    /** The 6-bit minimum of a sub-block. */
    static int minimum(byte[] blocks, int scales, int sub) {
        int own = blocks[scales + 4 + (sub & 3)];
        return sub < 4 ? own & 63 : blocks[scales + 4 + sub] >> 4 & 15 | (own & 0xc0) >> 2;
    }
}
