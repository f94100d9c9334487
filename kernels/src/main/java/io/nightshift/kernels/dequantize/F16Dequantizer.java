package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Half-precision numbers; {@code ggml_compute_fp16_to_fp32} in lanes. */
final class F16Dequantizer implements RowDequantizer {
    private static final int REBIAS = (127 - 15) << 23;

    @Override
    public GgmlType type() {
        return GgmlType.F16;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            toFloat(ByteLanes.shorts(blocks, blocksOffset + 2 * i)).intoArray(weights, weightsOffset + i);
        }
        for (; i < count; i++) {
            weights[weightsOffset + i] = ByteLanes.half(blocks, blocksOffset + 2 * i);
        }
    }

    private static FloatVector toFloat(IntVector half) {
        IntVector magnitude = half.and(0x7fff);
        IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add(REBIAS);
        IntVector subnormal =
                magnitude.or(0x3f000000).reinterpretAsFloats().sub(0.5f).reinterpretAsInts();
        VectorMask<Integer> isSubnormal = magnitude.compare(VectorOperators.LT, 0x400);
        VectorMask<Integer> isInfinite = magnitude.compare(VectorOperators.GE, 0x7c00);
        IntVector bits = normal.blend(subnormal, isSubnormal).blend(normal.add(REBIAS), isInfinite);
        return bits.or(half.and(0x8000).lanewise(VectorOperators.LSHL, 16)).reinterpretAsFloats();
    }
}
