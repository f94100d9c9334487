package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Blocks of 32: a half-precision scale, 16 bytes of two numbers each, 8 too large. */
final class Q4_0Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q4_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q4_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 18, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 16; i += Lanes.COUNT) {
            IntVector q = ByteLanes.loose(blocks, b + 2 + i);
            IntVector low = q.and(15);
            IntVector high = q.lanewise(VectorOperators.LSHR, 4).and(15);
            ByteLanes.toFloat(low.sub(8)).mul(d).intoArray(weights, w + i);
            ByteLanes.toFloat(high.sub(8)).mul(d).intoArray(weights, w + 16 + i);
        }
    }
}
