package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Blocks of 64: a half-precision scale, 16 bytes of four numbers each, one too large. */
final class Q2_0Dequantizer implements RowDequantizer {
    /** Moves a lane's two bits down. */
    private static final IntVector SHIFT = ByteLanes.INDEX.mul(2);

    @Override
    public GgmlType type() {
        return GgmlType.Q2_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q2_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 18, w += 64) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 64; i += 16) {
            int bits = ByteLanes.int32(blocks, b + 2 + (i >> 2));
            for (int j = 0; j < 16; j += Lanes.COUNT) {
                IntVector number = IntVector.broadcast(Lanes.INT, bits >>> 2 * j)
                        .lanewise(VectorOperators.LSHR, SHIFT)
                        .and(3)
                        .sub(1);
                ByteLanes.toFloat(number).mul(d).intoArray(weights, w + i + j);
            }
        }
    }
}
