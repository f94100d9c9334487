package io.nightshift.kernels.quantize;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The rounding of the K types (ggml-quants.c, nearest_int): to the nearest integer, ties to even, for magnitudes below
 * 2^22; beyond, what is left of the bits, which byte-identical blocks need as well.
 *
 * <p>Loops over weights spell it out with these constants: a method that takes and returns vectors may be compiled on
 * its own, and then allocates them.
 */
final class NearestInt {
    /** Adding it rounds a number below 2^22 to an integer, which then stands in the low mantissa bits. */
    static final float ROUNDING = 0x1.8p23f;

    static final int ROUNDING_BITS = 0x4b400000;
    static final int MANTISSA = 0x007fffff;

    /** The mantissa of 0. */
    static final int HALF = 0x00400000;

    /** The sign and exponent of all that is rounded. */
    static final int EXPONENT = ROUNDING_BITS & ~MANTISSA;

    private NearestInt() {}

    static int of(float value) {
        return (Float.floatToRawIntBits(value + ROUNDING) & MANTISSA) - HALF;
    }

    static IntVector of(FloatVector values) {
        return values.add(ROUNDING).reinterpretAsInts().and(MANTISSA).sub(HALF);
    }
}
