package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.NE;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rounds weights to quants from {@code -levels} to {@code levels - 1}, stored with {@code levels} added.
 *
 * <p>Arrays are in lane order. Quants are joined four a word, the first in the lowest byte: the word of elements
 * {@code 4 * k} to {@code 4 * k + 3} is element {@code k} of the array. The rounding is {@link NearestInt}'s.
 */
final class SymmetricQuants {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    private SymmetricQuants() {}

    /**
     * Quantizes {@code n} elements from element {@code first}: divides by the step at {@code steps[index]} and rounds.
     *
     * @return whether a step is 0, so that this lane's quants mean nothing
     */
    static boolean divide(float[] x, int first, int n, int levels, float[] steps, int index, int[] quants) {
        FloatVector step = FloatVector.fromArray(FLOAT, steps, index * LANES);
        IntVector low = IntVector.broadcast(INT, NearestInt.HALF - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.HALF + levels - 1);
        for (int i = first; i < first + n; i += 4) {
            IntVector word = IntVector.zero(INT);
            for (int k = 0; k < 4; k++) {
                FloatVector v = FloatVector.fromArray(FLOAT, x, (i + k) * LANES).div(step);
                IntVector mantissa = v.add(NearestInt.ROUNDING).reinterpretAsInts().and(NearestInt.MANTISSA);
                IntVector quant = mantissa.max(low).min(high).sub(low);
                word = word.or(quant.lanewise(LSHL, IntVector.broadcast(INT, 8 * k)));
            }
            word.intoArray(quants, i / 4 * LANES);
        }
        return step.compare(EQ, 0f).anyTrue();
    }

    /**
     * Quantizes {@code n} elements from element {@code first}: multiplies by the inverse at {@code inverses[index]} and
     * rounds. Where the inverse is 0, quants are 0, without levels added.
     */
    static void multiply(float[] x, int first, int n, int levels, float[] inverses, int index, int[] quants) {
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, index * LANES);
        IntVector used = bits(inverse.compare(NE, 0f));
        IntVector low = IntVector.broadcast(INT, NearestInt.HALF - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.HALF + levels - 1);
        for (int i = first; i < first + n; i += 4) {
            IntVector word = IntVector.zero(INT);
            for (int k = 0; k < 4; k++) {
                FloatVector v = FloatVector.fromArray(FLOAT, x, (i + k) * LANES).mul(inverse);
                IntVector mantissa = v.add(NearestInt.ROUNDING).reinterpretAsInts().and(NearestInt.MANTISSA);
                IntVector quant = mantissa.max(low).min(high).sub(low);
                word = word.or(quant.lanewise(LSHL, IntVector.broadcast(INT, 8 * k)));
            }
            word.and(used).intoArray(quants, i / 4 * LANES);
        }
    }

    /** Replaces the quants of {@code n} elements from element {@code first} where the step is 0. */
    static void replaceWhereZero(float[] steps, int index, int[] replacement, int[] quants, int first, int n) {
        VectorMask<Integer> zero =
                FloatVector.fromArray(FLOAT, steps, index * LANES).compare(EQ, 0f).cast(INT);
        for (int at = first / 4 * LANES; at < (first + n) / 4 * LANES; at += LANES) {
            IntVector.fromArray(INT, quants, at)
                    .blend(IntVector.fromArray(INT, replacement, at), zero)
                    .intoArray(quants, at);
        }
    }

    /** All bits of the lanes that are set. */
    static IntVector bits(VectorMask<Float> mask) {
        return mask.cast(INT).toVector().reinterpretAsInts();
    }
}
