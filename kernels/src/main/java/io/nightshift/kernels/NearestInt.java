package io.nightshift.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Rounding by addition, as the K types have it (ggml-quants.c, nearest_int): to the nearest integer, ties to even, for
 * magnitudes below 2^22; beyond, what is left of the bits, which byte-identical blocks need as well. It also stands for
 * conversions of floats to integers, which JDK 17 does not compile to instructions: there they take fifty times as long.
 *
 * <p>Loops over weights spell it out with these constants: a method that takes and returns vectors may be compiled on
 * its own, and then allocates them.
 */
public final class NearestInt {
    /** Adding it rounds a number below 2^22 to an integer, which then stands in the low mantissa bits. */
    public static final float ROUNDING = 0x1.8p23f;

    /** The bits of 0 to which it was added; those of other integers are as much more. */
    public static final int ROUNDING_BITS = 0x4b400000;

    /** The bits of a float that are neither its sign nor its exponent. */
    public static final int MANTISSA = 0x007fffff;

    /** The mantissa of 0. */
    public static final int HALF = 0x00400000;

    /** The sign and exponent of all that is rounded. */
    public static final int EXPONENT = ROUNDING_BITS & ~MANTISSA;

    private NearestInt() {}

    /** The integer nearest to a number. */
    public static int of(float value) {
        return (Float.floatToRawIntBits(value + ROUNDING) & MANTISSA) - HALF;
    }

    /** The integers nearest to numbers. */
    public static IntVector of(FloatVector values) {
        return values.add(ROUNDING).reinterpretAsInts().and(MANTISSA).sub(HALF);
    }
}
