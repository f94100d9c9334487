package io.nightshift.kernels.quantize;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Rounding to the nearest integer, halves away from zero: C's {@code roundf}. */
final class RoundHalfAway {
    /** The largest float below a half: added to a magnitude, then cut off, it rounds just so for magnitudes below 2^22. */
    private static final float NEARLY_HALF = 0.49999997f;

    /** Adding it rounds to the nearest integer, ties to even, which then stands in the low bits. */
    private static final float ROUNDING = 0x1.8p23f;

    private static final int ROUNDING_BITS = Float.floatToRawIntBits(ROUNDING);

    private RoundHalfAway() {}

    /** The nearest integers of numbers below 2^22. */
    static IntVector of(FloatVector values) {
        FloatVector magnitude = values.abs().add(NEARLY_HALF);
        FloatVector rounded = magnitude.add(ROUNDING);
        IntVector above = magnitude.sub(rounded.sub(ROUNDING)).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
        IntVector floor = rounded.reinterpretAsInts().sub(ROUNDING_BITS).add(above);
        IntVector sign = values.reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
        return floor.lanewise(VectorOperators.XOR, sign).sub(sign);
    }
}
