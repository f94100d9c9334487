package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Blocks of 32: a half-precision scale, the fifth bits of all, 16 bytes of two numbers each, 16 too large. */
final class Q5_0Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q5_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q5_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 22, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        int fifths = ByteLanes.int32(blocks, b + 2);
        for (int i = 0; i < 16; i += Lanes.COUNT) {
            IntVector q = ByteLanes.loose(blocks, b + 6 + i);
            IntVector low = q.and(15).or(fifthBits(fifths >>> i));
            IntVector high = q.lanewise(VectorOperators.LSHR, 4).and(15).or(fifthBits(fifths >>> 16 + i));
            ByteLanes.toFloat(low.sub(16)).mul(d).intoArray(weights, w + i);
            ByteLanes.toFloat(high.sub(16)).mul(d).intoArray(weights, w + 16 + i);
        }
    }

    /** Sixteen in the lanes of the bits that are set. */
    static IntVector fifthBits(int bits) {
        return IntVector.broadcast(Lanes.INT, bits << 4)
                .lanewise(VectorOperators.LSHR, ByteLanes.INDEX)
                .and(16);
    }
}
