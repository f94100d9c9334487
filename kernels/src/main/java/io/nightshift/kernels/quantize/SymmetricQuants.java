package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Rounds weights to quants from {@code -levels} to {@code levels - 1}, stored with {@code levels} added. */
final class SymmetricQuants {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    private static final float ROUND = 12582912f;
    private static final int MANTISSA = 0x7fffff;
    private static final int MANTISSA_OF_ZERO = 0x400000;

    private SymmetricQuants() {}

    /** Nearest integers as ggml-quants.c, nearest_int: what it makes of |v| beyond 2^22 and of NaN included. */
    static IntVector nearest(FloatVector v) {
        return v.add(ROUND).reinterpretAsInts().and(MANTISSA).sub(MANTISSA_OF_ZERO);
    }

    /**
     * Quantizes a sub-block a lane, four quants a word, the first in the lowest byte. Where the step is 0, the quants are
     * those of the search: rounded after multiplication with its inverse scale, or 0 if that is 0.
     *
     * @param x weights in lane order, {@code n} elements from element {@code first}
     * @param steps the difference between two quants, in lane order, the sub-block's at {@code index}
     * @param inverseScales inverse scales of the search, likewise
     * @param quants receives the words in lane order, from element {@code first / 4}
     */
    static void quantize(
            float[] x, int first, int n, int levels, float[] steps, float[] inverseScales, int index, int[] quants) {
        FloatVector step = FloatVector.fromArray(FLOAT, steps, index * LANES);
        divide(x, first, n, levels, step, quants);
        if (step.compare(EQ, 0f).anyTrue()) {
            multiplyWhereZero(
                    x, first, n, levels, step, FloatVector.fromArray(FLOAT, inverseScales, index * LANES), quants);
        }
    }

    private static void divide(float[] x, int first, int n, int levels, FloatVector step, int[] quants) {
        IntVector low = IntVector.broadcast(INT, MANTISSA_OF_ZERO - levels);
        IntVector high = IntVector.broadcast(INT, MANTISSA_OF_ZERO + levels - 1);
        for (int i = first; i < first + n; i += 4) {
            int at = i * LANES;
            IntVector q0 = clamp(FloatVector.fromArray(FLOAT, x, at).div(step), low, high);
            IntVector q1 = clamp(FloatVector.fromArray(FLOAT, x, at + LANES).div(step), low, high);
            IntVector q2 = clamp(FloatVector.fromArray(FLOAT, x, at + 2 * LANES).div(step), low, high);
            IntVector q3 = clamp(FloatVector.fromArray(FLOAT, x, at + 3 * LANES).div(step), low, high);
            join(q0, q1, q2, q3).intoArray(quants, i / 4 * LANES);
        }
    }

    private static void multiplyWhereZero(
            float[] x, int first, int n, int levels, FloatVector step, FloatVector inverse, int[] quants) {
        IntVector low = IntVector.broadcast(INT, MANTISSA_OF_ZERO - levels);
        IntVector high = IntVector.broadcast(INT, MANTISSA_OF_ZERO + levels - 1);
        VectorMask<Integer> zeroStep = step.compare(EQ, 0f).cast(INT);
        VectorMask<Integer> allZero = inverse.compare(EQ, 0f).cast(INT);
        for (int i = first; i < first + n; i += 4) {
            int at = i * LANES;
            IntVector q0 = clamp(FloatVector.fromArray(FLOAT, x, at).mul(inverse), low, high);
            IntVector q1 = clamp(FloatVector.fromArray(FLOAT, x, at + LANES).mul(inverse), low, high);
            IntVector q2 = clamp(FloatVector.fromArray(FLOAT, x, at + 2 * LANES).mul(inverse), low, high);
            IntVector q3 = clamp(FloatVector.fromArray(FLOAT, x, at + 3 * LANES).mul(inverse), low, high);
            IntVector word = join(q0, q1, q2, q3).blend(0, allZero);
            IntVector.fromArray(INT, quants, i / 4 * LANES).blend(word, zeroStep).intoArray(quants, i / 4 * LANES);
        }
    }

    /** The nearest quant plus levels. */
    private static IntVector clamp(FloatVector v, IntVector low, IntVector high) {
        return v.add(ROUND).reinterpretAsInts().and(MANTISSA).max(low).min(high).sub(low);
    }

    private static IntVector join(IntVector q0, IntVector q1, IntVector q2, IntVector q3) {
        return q0.or(q1.lanewise(LSHL, 8)).or(q2.lanewise(LSHL, 16).or(q3.lanewise(LSHL, 24)));
    }
}
