package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Super-blocks of 256: 64 bytes of four numbers each, one too large, then a half-precision scale. */
final class TQ2_0Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.TQ2_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.TQ2_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 66, w += 256) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b + 64);
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 32; i += Lanes.COUNT) {
                IntVector q = ByteLanes.loose(blocks, b + 32 * half + i);
                for (int part = 0; part < 4; part++) {
                    IntVector shifts = IntVector.broadcast(Lanes.INT, 2 * part);
                    IntVector number = q.lanewise(VectorOperators.LSHR, shifts).and(3).sub(1);
                    ByteLanes.toFloat(number).mul(d).intoArray(weights, w + 128 * half + 32 * part + i);
                }
            }
        }
    }
}
