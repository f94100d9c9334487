package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Blocks of 32: a scale and a minimum in half precision, 16 bytes of two numbers each. */
final class Q4_1Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q4_1;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q4_1.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 20, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        float m = ByteLanes.half(blocks, b + 2);
        for (int i = 0; i < 16; i += Lanes.COUNT) {
            IntVector q = ByteLanes.loose(blocks, b + 4 + i);
            IntVector low = q.and(15);
            IntVector high = q.lanewise(VectorOperators.LSHR, 4).and(15);
            ByteLanes.toFloat(low).mul(d).add(m).intoArray(weights, w + i);
            ByteLanes.toFloat(high).mul(d).add(m).intoArray(weights, w + 16 + i);
        }
    }
}
