package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.NE;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scales of sub-blocks, refined one quant at a time: each quant in turn is replaced by the one that the scale of
 * the others asks for, if that lowers the squared error weighted by squares, up to five times around (ggml-quants.c,
 * make_q3_quants).
 *
 * <p>A step waits for the sums that the step before left, and a round of many sub-blocks is needed for the sake of one.
 * But six of seven sub-blocks never change, and all their steps see the sums of the start: those are found first,
 * without waiting. Only the rest goes through {@link QuantRefinement}, packed densely.
 */
final class RefinedScaleSearch {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    private final int subBlocks;
    private final int n;
    private final int levels;
    private final QuantRefinement refinement;

    // Of each sub-block in each lane: its first inverse scale, sums, and 1 if its first quants are its last, or else 0.
    private final float[] inverses;
    private final float[] sumsLx;
    private final float[] sumsL2;
    private final float[] settled;

    /** Where the sub-blocks come from that are refined: sub-block times lanes plus lane. */
    private final int[] origins;

    private int refined;

    RefinedScaleSearch(int subBlocks, int n, int levels) {
        this.subBlocks = subBlocks;
        this.n = n;
        this.levels = levels;
        refinement = new QuantRefinement(subBlocks, n, levels);
        inverses = new float[subBlocks * LANES];
        sumsLx = new float[subBlocks * LANES];
        sumsL2 = new float[subBlocks * LANES];
        settled = new float[subBlocks * LANES];
        origins = new int[subBlocks * LANES];
    }

    /**
     * Finds the scales of all sub-blocks of every lane.
     *
     * @param x weights in lane order, {@code subBlocks * n} elements
     * @param scales receives the scales in lane order: 0 where all weights are zero
     */
    void search(float[] x, float[] scales) {
        refined = 0;
        for (int s = 0; s < subBlocks; s++) {
            findInverses(x, s, n, levels, inverses);
            sum(x, s, n, levels, inverses, sumsLx, sumsL2);
            findSettled(x, s, n, levels, inverses, sumsLx, sumsL2, settled);
            QuantRefinement.divide(sumsLx, sumsL2, s, scales);
            clearUnused(inverses, s, scales);
            gather(x, s);
        }
        refinement.refine(refined);
        for (int i = 0; i < refined; i++) {
            scales[origins[i]] = refinement.scale(i);
        }
    }

    /** The quants that the search ended with, {@code levels} added, four a word; 0 where all weights are zero. */
    void joinQuants(float[] x, int s, int[] words) {
        SymmetricQuants.multiply(x, s * n, n, levels, inverses, s, words);
        for (int i = 0; i < refined; i++) {
            if (origins[i] / LANES == s) {
                refinement.joinQuants(i, words, s * n / 4 * LANES + origins[i] % LANES);
            }
        }
    }

    /** Hands the sub-blocks that may change to the refinement. */
    private void gather(float[] x, int s) {
        for (int at = s * LANES; at < (s + 1) * LANES; at++) {
            if (settled[at] == 0f) {
                int lane = at - s * LANES;
                refinement.load(refined, x, s * n * LANES + lane, inverses[at], sumsLx[at], sumsL2[at]);
                origins[refined++] = at;
            }
        }
    }

    /** What takes the weight of the largest magnitude to -levels: 0 where all weights are zero. */
    private static void findInverses(float[] x, int s, int n, int levels, float[] inverses) {
        FloatVector max = FloatVector.zero(FLOAT);
        FloatVector largest = max;
        for (int at = s * n * LANES; at < (s + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            FloatVector magnitude = xi.abs();
            VectorMask<Float> larger = magnitude.compare(GT, largest);
            largest = largest.blend(magnitude, larger);
            max = max.blend(xi, larger);
        }
        VectorMask<Float> used = largest.compare(GE, SymmetricScaleSearch.ZERO);
        FloatVector inverse = FloatVector.broadcast(FLOAT, -levels).div(max);
        FloatVector.zero(FLOAT).blend(inverse, used).intoArray(inverses, s * LANES);
    }

    private static void sum(
            float[] x, int s, int n, int levels, float[] inverses, float[] sumsLx, float[] sumsL2) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, s * LANES);
        FloatVector sumLx = FloatVector.zero(FLOAT);
        FloatVector sumL2 = sumLx;
        for (int at = s * n * LANES; at < (s + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            FloatVector w = xi.mul(xi);
            IntVector bits = xi.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            FloatVector l = bits.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            sumLx = sumLx.add(w.mul(xi).mul(l));
            sumL2 = sumL2.add(w.mul(l).mul(l));
        }
        sumLx.intoArray(sumsLx, s * LANES);
        sumL2.intoArray(sumsL2, s * LANES);
    }

    /**
     * Marks sub-blocks of which the first round would replace no quant. The steps are {@link QuantRefinement}'s, but
     * none waits for another, as the sums are the first ones for all.
     */
    private static void findSettled(
            float[] x,
            int s,
            int n,
            int levels,
            float[] inverses,
            float[] sumsLx,
            float[] sumsL2,
            float[] settled) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector zero = FloatVector.zero(FLOAT);
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, s * LANES);
        FloatVector sumLx = FloatVector.fromArray(FLOAT, sumsLx, s * LANES);
        FloatVector sumL2 = FloatVector.fromArray(FLOAT, sumsL2, s * LANES);
        FloatVector sumLxSquared = sumLx.mul(sumLx);
        FloatVector mark = FloatVector.broadcast(FLOAT, 1f);
        for (int at = s * n * LANES; at < (s + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            IntVector bits = xi.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            FloatVector l = bits.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector w = xi.mul(xi);
            FloatVector wx = w.mul(xi);
            FloatVector otherLx = sumLx.sub(wx.mul(l));
            FloatVector otherL2 = sumL2.sub(w.mul(l).mul(l));
            IntVector newBits = xi.mul(otherL2).div(otherLx).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector limited = newBits.and(NearestInt.MANTISSA).or(NearestInt.EXPONENT).max(low).min(high);
            FloatVector newL = limited.reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector newLx = otherLx.add(wx.mul(newL));
            FloatVector newL2 = otherL2.add(w.mul(newL).mul(newL));
            VectorMask<Float> better = newLx.mul(newLx).mul(sumL2)
                    .compare(GT, sumLxSquared.mul(newL2))
                    .and(otherLx.compare(GT, zero))
                    .and(newL2.compare(GT, zero))
                    .and(newL.compare(NE, l));
            mark = mark.blend(zero, better);
        }
        mark.blend(1f, inverse.compare(EQ, 0f)).intoArray(settled, s * LANES);
    }

    /** Scales of 0 where all weights are zero. */
    private static void clearUnused(float[] inverses, int s, float[] scales) {
        VectorMask<Float> unused = FloatVector.fromArray(FLOAT, inverses, s * LANES).compare(EQ, 0f);
        FloatVector.fromArray(FLOAT, scales, s * LANES).blend(0f, unused).intoArray(scales, s * LANES);
    }
}
