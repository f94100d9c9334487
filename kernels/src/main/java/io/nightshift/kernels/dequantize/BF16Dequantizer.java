package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.VectorOperators;

/** The upper halves of single-precision numbers. */
final class BF16Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.BF16;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            ByteLanes.shorts(blocks, blocksOffset + 2 * i)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(weights, weightsOffset + i);
        }
        for (; i < count; i++) {
            weights[weightsOffset + i] = Float.intBitsToFloat(ByteLanes.uint16(blocks, blocksOffset + 2 * i) << 16);
        }
    }
}
