package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks of 16 times 16: 128 bytes of two low halves each, 64 bytes of four upper pairs of bits each, 16 signed
 * scales, then their half-precision unit. Numbers are 32 too large.
 */
final class Q6_KDequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q6_K;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q6_K.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 210, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b + 208);
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 32; i += Lanes.COUNT) {
                int scales = b + 192 + 8 * half + (i >> 4);
                IntVector low = ByteLanes.loose(blocks, b + 64 * half + i);
                IntVector next = ByteLanes.loose(blocks, b + 64 * half + 32 + i);
                IntVector upper = ByteLanes.loose(blocks, b + 128 + 32 * half + i);
                int to = w + 128 * half + i;
                numbers(low, upper.lanewise(VectorOperators.LSHL, 4))
                        .mul(d * blocks[scales])
                        .intoArray(weights, to);
                numbers(next, upper.lanewise(VectorOperators.LSHL, 2))
                        .mul(d * blocks[scales + 2])
                        .intoArray(weights, to + 32);
                numbers(low.lanewise(VectorOperators.LSHR, 4), upper)
                        .mul(d * blocks[scales + 4])
                        .intoArray(weights, to + 64);
                numbers(next.lanewise(VectorOperators.LSHR, 4), upper.lanewise(VectorOperators.LSHR, 2))
                        .mul(d * blocks[scales + 6])
                        .intoArray(weights, to + 96);
            }
        }
    }

    private static FloatVector numbers(IntVector low, IntVector upper) {
        return ByteLanes.toFloat(low.and(15).or(upper.and(0x30)).sub(32));
    }
}
