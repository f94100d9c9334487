package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sub-blocks whose quants are replaced one by one, a sub-block a lane, until none changes or after five rounds (the
 * loop {@code itry} of ggml-quants.c, make_q3_quants).
 *
 * <p>A step waits for the sums that the step before left, so two groups of lanes go together. A group in which a round
 * changed nothing is finished.
 */
final class QuantRefinement {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;
    private static final int ROUNDS = 5;

    private final int n;
    private final int levels;

    // In lane order: elements of each group, then a row a group.
    private final float[] x;
    private final float[] quants;
    private final float[] inverses;
    private final float[] sumsLx;
    private final float[] sumsL2;
    private final int[] changes;
    private final float[] scales;

    /** The groups that are not finished. */
    private final int[] active;

    QuantRefinement(int groups, int n, int levels) {
        this.n = n;
        this.levels = levels;
        x = new float[groups * n * LANES];
        quants = new float[groups * n * LANES];
        inverses = new float[groups * LANES];
        sumsLx = new float[groups * LANES];
        sumsL2 = new float[groups * LANES];
        changes = new int[groups * LANES];
        scales = new float[groups * LANES];
        active = new int[groups];
    }

    /**
     * Takes a sub-block.
     *
     * @param index which one, from 0
     * @param source the weights, each {@link Lanes#COUNT} from the one before
     * @param inverse what weights are multiplied by for their first quants
     * @param sumLx weighted sum of weights times first quants
     * @param sumL2 weighted sum of the squares of first quants
     */
    void load(int index, float[] source, int offset, float inverse, float sumLx, float sumL2) {
        int to = index / LANES * n * LANES + index % LANES;
        for (int i = 0; i < n * LANES; i += LANES) {
            x[to + i] = source[offset + i];
        }
        inverses[index] = inverse;
        sumsLx[index] = sumLx;
        sumsL2[index] = sumL2;
    }

    /** Refines the first {@code count} sub-blocks. */
    void refine(int count) {
        int groups = (count + LANES - 1) / LANES;
        for (int group = 0; group < groups; group++) {
            quantize(x, group, n, levels, inverses, quants);
            active[group] = group;
        }
        int left = groups;
        for (int round = 0; round < ROUNDS && left > 0; round++) {
            for (int k = 0; k < left; k += 2) {
                // An odd one goes together with itself, and does the same twice.
                int other = active[Math.min(k + 1, left - 1)];
                goAround(x, active[k], other, n, levels, quants, sumsLx, sumsL2, changes);
            }
            left = keepChanged(active, left, changes);
        }
        for (int group = 0; group < groups; group++) {
            divide(sumsLx, sumsL2, group, scales);
        }
    }

    /** The scale of a sub-block. */
    float scale(int index) {
        return scales[index];
    }

    /** The quants of a sub-block, {@code levels} added: four a word, words {@link Lanes#COUNT} apart. */
    void joinQuants(int index, int[] words, int offset) {
        int first = index / LANES * n * LANES + index % LANES;
        for (int i = 0; i < n; i += 4) {
            int word = 0;
            for (int k = 0; k < 4; k++) {
                word |= (int) quants[first + (i + k) * LANES] + levels << 8 * k;
            }
            words[offset + i / 4 * LANES] = word;
        }
    }

    private static void quantize(float[] x, int group, int n, int levels, float[] inverses, float[] quants) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, group * LANES);
        for (int at = group * n * LANES; at < (group + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            IntVector bits = xi.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            bits.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING).intoArray(quants, at);
        }
    }

    /** One round of two groups; the group may be the same. */
    private static void goAround(
            float[] x,
            int groupA,
            int groupB,
            int n,
            int levels,
            float[] quants,
            float[] sumsLx,
            float[] sumsL2,
            int[] changes) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector zero = FloatVector.zero(FLOAT);
        FloatVector sumLxA = FloatVector.fromArray(FLOAT, sumsLx, groupA * LANES);
        FloatVector sumLxB = FloatVector.fromArray(FLOAT, sumsLx, groupB * LANES);
        FloatVector sumL2A = FloatVector.fromArray(FLOAT, sumsL2, groupA * LANES);
        FloatVector sumL2B = FloatVector.fromArray(FLOAT, sumsL2, groupB * LANES);
        IntVector changeA = IntVector.zero(INT);
        IntVector changeB = changeA;
        for (int i = 0; i < n; i++) {
            int atA = (groupA * n + i) * LANES;
            int atB = (groupB * n + i) * LANES;
            FloatVector xA = FloatVector.fromArray(FLOAT, x, atA);
            FloatVector xB = FloatVector.fromArray(FLOAT, x, atB);
            FloatVector lA = FloatVector.fromArray(FLOAT, quants, atA);
            FloatVector lB = FloatVector.fromArray(FLOAT, quants, atB);
            FloatVector wA = xA.mul(xA);
            FloatVector wB = xB.mul(xB);
            FloatVector wxA = wA.mul(xA);
            FloatVector wxB = wB.mul(xB);
            FloatVector otherLxA = sumLxA.sub(wxA.mul(lA));
            FloatVector otherLxB = sumLxB.sub(wxB.mul(lB));
            FloatVector otherL2A = sumL2A.sub(wA.mul(lA).mul(lA));
            FloatVector otherL2B = sumL2B.sub(wB.mul(lB).mul(lB));
            // NearestInt's rounding, as quotients may be large or NaN.
            IntVector bitsA = xA.mul(otherL2A).div(otherLxA).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector bitsB = xB.mul(otherL2B).div(otherLxB).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector limitedA = bitsA.and(NearestInt.MANTISSA).or(NearestInt.EXPONENT).max(low).min(high);
            IntVector limitedB = bitsB.and(NearestInt.MANTISSA).or(NearestInt.EXPONENT).max(low).min(high);
            FloatVector newA = limitedA.reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector newB = limitedB.reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector newLxA = otherLxA.add(wxA.mul(newA));
            FloatVector newLxB = otherLxB.add(wxB.mul(newB));
            FloatVector newL2A = otherL2A.add(wA.mul(newA).mul(newA));
            FloatVector newL2B = otherL2B.add(wB.mul(newB).mul(newB));
            FloatVector gainA = newLxA.mul(newLxA).mul(sumL2A);
            FloatVector gainB = newLxB.mul(newLxB).mul(sumL2B);
            VectorMask<Float> betterA = gainA.compare(GT, sumLxA.mul(sumLxA).mul(newL2A))
                    .and(otherLxA.compare(GT, zero))
                    .and(newL2A.compare(GT, zero))
                    .and(newA.compare(NE, lA));
            VectorMask<Float> betterB = gainB.compare(GT, sumLxB.mul(sumLxB).mul(newL2B))
                    .and(otherLxB.compare(GT, zero))
                    .and(newL2B.compare(GT, zero))
                    .and(newB.compare(NE, lB));
            FloatVector keptA = lA.blend(newA, betterA);
            FloatVector keptB = lB.blend(newB, betterB);
            keptA.intoArray(quants, atA);
            keptB.intoArray(quants, atB);
            sumLxA = sumLxA.blend(newLxA, betterA);
            sumLxB = sumLxB.blend(newLxB, betterB);
            sumL2A = sumL2A.blend(newL2A, betterA);
            sumL2B = sumL2B.blend(newL2B, betterB);
            changeA = changeA.or(keptA.reinterpretAsInts().lanewise(XOR, lA.reinterpretAsInts()));
            changeB = changeB.or(keptB.reinterpretAsInts().lanewise(XOR, lB.reinterpretAsInts()));
        }
        sumLxA.intoArray(sumsLx, groupA * LANES);
        sumLxB.intoArray(sumsLx, groupB * LANES);
        sumL2A.intoArray(sumsL2, groupA * LANES);
        sumL2B.intoArray(sumsL2, groupB * LANES);
        changeA.intoArray(changes, groupA * LANES);
        changeB.intoArray(changes, groupB * LANES);
    }

    /** Keeps the groups that changed in some lane. */
    private static int keepChanged(int[] active, int count, int[] changes) {
        int kept = 0;
        for (int k = 0; k < count; k++) {
            if (IntVector.fromArray(INT, changes, active[k] * LANES).compare(NE, 0).anyTrue()) {
                active[kept++] = active[k];
            }
        }
        return kept;
    }

    /** The scales of least error for quants with these sums: 0 where all quants are. */
    static void divide(float[] sumsLx, float[] sumsL2, int group, float[] scales) {
        FloatVector sumL2 = FloatVector.fromArray(FLOAT, sumsL2, group * LANES);
        FloatVector ratio = FloatVector.fromArray(FLOAT, sumsLx, group * LANES).div(sumL2);
        FloatVector.zero(FLOAT).blend(ratio, sumL2.compare(GT, 0f)).intoArray(scales, group * LANES);
    }
}
