package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * e to the power of x, in lanes and alone, with the same bits: the argument is reduced by a multiple of ln 2 in two
 * parts and the rest put into the polynomial of Cephes' {@code expf} (S. L. Moshier). Within 2 units in the last place.
 * Below {@value #LOWEST} the result is 0, and above {@value #HIGHEST} that of {@value #HIGHEST}; a NaN stays one.
 */
public final class Exponential {
    private static final float LOWEST = -87f;
    private static final float HIGHEST = 88.3f;
    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_SHORT = 0.693359375f;
    private static final float LN2_REST = -2.12194440e-4f;

    /** Adding 1.5 * 2^23 rounds to a whole number, which then stands in the lowest bits. */
    private static final float ROUND = 12582912f;

    private static final float P0 = 1.9875691500e-4f;
    private static final float P1 = 1.3981999507e-3f;
    private static final float P2 = 8.3334519073e-3f;
    private static final float P3 = 4.1665795894e-2f;
    private static final float P4 = 1.6666665459e-1f;
    private static final float P5 = 5.0000001201e-1f;
    private static final int EXPONENT_SHIFT = 23;
    private static final int EXPONENT_BIAS = 127 << EXPONENT_SHIFT;

    // A vector of counts: JDK 17 miscompiles shifts by a scalar count at 128 bits.
    private static final IntVector SHIFT = IntVector.broadcast(Lanes.INT, EXPONENT_SHIFT);

    private Exponential() {}

    /** Puts e to its power in the place of each of {@code count} numbers. */
    public static void apply(float[] values, int at, int count) {
        int i = at;
        for (; i <= at + count - Lanes.COUNT; i += Lanes.COUNT) {
            exp(FloatVector.fromArray(Lanes.FLOAT, values, i)).intoArray(values, i);
        }
        for (; i < at + count; i++) {
            values[i] = exp(values[i]);
        }
    }

    static FloatVector exp(FloatVector x) {
        FloatVector within = x.min(HIGHEST).max(LOWEST);
        FloatVector shifted = within.fma(FloatVector.broadcast(Lanes.FLOAT, LOG2_E),
                FloatVector.broadcast(Lanes.FLOAT, ROUND));
        FloatVector whole = shifted.sub(ROUND);
        FloatVector rest = whole.fma(FloatVector.broadcast(Lanes.FLOAT, -LN2_SHORT), within);
        rest = whole.fma(FloatVector.broadcast(Lanes.FLOAT, -LN2_REST), rest);
        FloatVector sum = rest.fma(FloatVector.broadcast(Lanes.FLOAT, P0), FloatVector.broadcast(Lanes.FLOAT, P1));
        sum = sum.fma(rest, FloatVector.broadcast(Lanes.FLOAT, P2));
        sum = sum.fma(rest, FloatVector.broadcast(Lanes.FLOAT, P3));
        sum = sum.fma(rest, FloatVector.broadcast(Lanes.FLOAT, P4));
        sum = sum.fma(rest, FloatVector.broadcast(Lanes.FLOAT, P5));
        sum = rest.mul(rest).fma(sum, rest).add(1f);
        IntVector scale = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, SHIFT).add(EXPONENT_BIAS);
        return sum.mul(scale.reinterpretAsFloats()).blend(0f, x.compare(VectorOperators.LT, LOWEST));
    }

    static float exp(float x) {
        if (x < LOWEST) {
            return 0;
        }
        float within = Math.min(x, HIGHEST);
        float shifted = Math.fma(within, LOG2_E, ROUND);
        float whole = shifted - ROUND;
        float rest = Math.fma(whole, -LN2_SHORT, within);
        rest = Math.fma(whole, -LN2_REST, rest);
        float sum = Math.fma(rest, P0, P1);
        sum = Math.fma(sum, rest, P2);
        sum = Math.fma(sum, rest, P3);
        sum = Math.fma(sum, rest, P4);
        sum = Math.fma(sum, rest, P5);
        sum = Math.fma(rest * rest, sum, rest) + 1f;
        int scale = (Float.floatToRawIntBits(shifted) << EXPONENT_SHIFT) + EXPONENT_BIAS;
        return sum * Float.intBitsToFloat(scale);
    }
}
