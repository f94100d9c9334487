package io.nightshift.kernels.quantize;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The rounding of the K types (ggml-quants.c, nearest_int): to the nearest integer, ties to even, for magnitudes below
 * 2^22; beyond, what is left of the bits, which byte-identical blocks need as well.
 */
final class NearestInt {
    private static final float ROUNDING = 0x1.8p23f;
    private static final int MANTISSA = 0x007fffff;
    private static final int HALF = 0x00400000;

    private NearestInt() {}

    static int of(float value) {
        return (Float.floatToRawIntBits(value + ROUNDING) & MANTISSA) - HALF;
    }

    static IntVector of(FloatVector values) {
        return values.add(ROUNDING).reinterpretAsInts().and(MANTISSA).sub(HALF);
    }
}
