package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks of 256: 48 bytes of five and 4 bytes of four ternary digits each, then a half-precision scale.
 * A byte is a fraction of 256: its leading digit in base 3 is taken by multiplying by 3.
 */
final class TQ1_0Dequantizer implements RowDequantizer {
    private static final int[] POWERS = {1, 3, 9, 27};

    @Override
    public GgmlType type() {
        return GgmlType.TQ1_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.TQ1_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 54, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b + 52);
        int power = 1;
        for (int digit = 0; digit < 5; digit++) {
            for (int i = 0; i < 32; i += Lanes.COUNT) {
                digits(blocks, b + i, power).mul(d).intoArray(weights, w + 32 * digit + i);
            }
            for (int i = 0; i < 16; i += Lanes.COUNT) {
                digits(blocks, b + 32 + i, power).mul(d).intoArray(weights, w + 160 + 16 * digit + i);
            }
            power *= 3;
        }
        for (int i = 0; i < 16; i++) {
            int shifted = blocks[b + 48 + (i & 3)] * POWERS[i >> 2] & 0xff;
            weights[w + 240 + i] = ((shifted * 3 >> 8) - 1) * d;
        }
    }

    private static FloatVector digits(byte[] blocks, int offset, int power) {
        IntVector shifted = ByteLanes.loose(blocks, offset).mul(power).and(0xff);
        return ByteLanes.toFloat(shifted.mul(3).lanewise(VectorOperators.LSHR, 8).sub(1));
    }
}
