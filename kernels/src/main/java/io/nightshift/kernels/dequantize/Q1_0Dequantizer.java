package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Blocks of 128: a half-precision scale, a bit a weight, set for plus. */
final class Q1_0Dequantizer implements RowDequantizer {
    /** Moves a lane's bit to the place of the sign. */
    private static final IntVector SIGN_SHIFT = ByteLanes.INDEX.neg().add(31);

    @Override
    public GgmlType type() {
        return GgmlType.Q1_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q1_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 18, w += 128) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        int d = Float.floatToRawIntBits(ByteLanes.half(blocks, b));
        for (int i = 0; i < 128; i += 32) {
            int minus = ~ByteLanes.int32(blocks, b + 2 + (i >> 3));
            for (int j = 0; j < 32; j += Lanes.COUNT) {
                IntVector.broadcast(Lanes.INT, minus >>> j)
                        .lanewise(VectorOperators.LSHL, SIGN_SHIFT)
                        .and(0x80000000)
                        .lanewise(VectorOperators.XOR, d)
                        .reinterpretAsFloats()
                        .intoArray(weights, w + i + j);
            }
        }
    }
}
