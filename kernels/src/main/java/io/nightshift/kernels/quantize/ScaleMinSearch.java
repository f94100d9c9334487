package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The scale and the minimum of sub-blocks, by trying a row of candidate scales: each rounds the weights to levels, fits
 * scale and minimum to those levels by weighted least squares, and the fit of the least error wins (ggml-quants.c,
 * make_qkx2_quants and make_qkx3_quants, which are one algorithm). A winner's minimum is what the next candidates start from,
 * so they cannot be tried side by side.
 *
 * <p>Each lane holds a sub-block and does what the scalar algorithm does, in its order. Two groups of lanes go together, so
 * that the sums of one need not wait for those of the other.
 *
 * <p>Loops call the Vector API only, and methods are small: a compiler that gives up on inlining would allocate each vector.
 */
final class ScaleMinSearch {
    private static final int LANES = Lanes.COUNT;

    // The state of a group of lanes, in rows. What is known of the sub-blocks, and the best fit so far:
    private static final int MINIMUM = 0;
    private static final int MAXIMUM = LANES;
    private static final int SUM_W = 2 * LANES;
    private static final int SUM_X = 3 * LANES;
    private static final int BEST_ERROR = 4 * LANES;
    private static final int BEST_SCALE = 5 * LANES;
    private static final int BEST_INVERSE = 6 * LANES;
    private static final int BEST_BASE = 7 * LANES;
    // Of the candidate: its inverse scale, its sums of w l, w l l and w l x, the fit and its error.
    private static final int INVERSE = 8 * LANES;
    private static final int SUM_L = 9 * LANES;
    private static final int SUM_L2 = 10 * LANES;
    private static final int SUM_XL = 11 * LANES;
    private static final int SCALE = 12 * LANES;
    private static final int FITTED = 13 * LANES;
    private static final int ERROR = 14 * LANES;
    private static final int STATE = 15 * LANES;

    private final int maxLevel;
    private final float[] numerators;
    private final boolean absolute;
    private final int length;
    private final float[] levels;
    private final float[] first = new float[STATE];
    private final float[] second = new float[STATE];

    /**
     * How much the error of each weight counts, to be filled before a search: that of weight {@code i} in lane {@code j} of
     * the first group at {@code i * lanes + j}, then the second group's.
     */
    final float[] errorWeights;

    /**
     * A search.
     *
     * @param size weights a sub-block
     * @param maxLevel the largest level
     * @param first what the first candidate's range of levels has more than {@code maxLevel}
     * @param step what each candidate's range has more than the one before
     * @param steps number of candidates less one
     * @param absolute whether errors count by magnitude rather than squared
     */
    ScaleMinSearch(int size, int maxLevel, float first, float step, int steps, boolean absolute) {
        this.maxLevel = maxLevel;
        this.absolute = absolute;
        length = size * LANES;
        numerators = new float[steps + 1];
        for (int i = 0; i <= steps; i++) {
            numerators[i] = first + step * i + maxLevel;
        }
        levels = new float[2 * length];
        errorWeights = new float[2 * length];
    }

    /**
     * Searches two groups of sub-blocks.
     *
     * @param x the weights of the first group from {@code offset}, then those of the second
     * @param fits receives what is found
     * @param result index of the first group's results; the second's follow
     */
    void search(float[] x, int offset, ScaleMins fits, int result) {
        survey(x, offset, errorWeights, 0, length, first);
        survey(x, offset + length, errorWeights, length, length, second);
        boolean ordinary = isOrdinary(first) && isOrdinary(second);
        round(x, offset, maxLevel, ordinary);
        invert(first);
        invert(second);
        sumErrors(x, offset);
        begin(first);
        begin(second);
        for (float numerator : numerators) {
            round(x, offset, numerator, ordinary);
            fit(first);
            fit(second);
            sumErrors(x, offset);
            choose(first);
            choose(second);
        }
        results(first, fits, result);
        results(second, fits, result + LANES);
    }

    private void round(float[] x, int offset, float numerator, boolean ordinary) {
        if (ordinary) {
            roundOrdinary(x, offset, errorWeights, levels, length, numerator, maxLevel, first, second);
        } else {
            round(x, offset, errorWeights, levels, 0, length, numerator, maxLevel, first);
            round(x, offset + length, errorWeights, levels, length, length, numerator, maxLevel, second);
        }
    }

    private void sumErrors(float[] x, int offset) {
        if (absolute) {
            sumAbsoluteErrors(x, offset, errorWeights, levels, length, first, second);
        } else {
            sumSquaredErrors(x, offset, errorWeights, levels, length, first, second);
        }
    }

    private static void survey(float[] x, int offset, float[] w, int wOffset, int length, float[] state) {
        FloatVector minimum = FloatVector.fromArray(Lanes.FLOAT, x, offset);
        FloatVector maximum = minimum;
        FloatVector sumW = FloatVector.fromArray(Lanes.FLOAT, w, wOffset);
        FloatVector sumX = sumW.mul(minimum);
        for (int i = LANES; i < length; i += LANES) {
            FloatVector xi = FloatVector.fromArray(Lanes.FLOAT, x, offset + i);
            FloatVector wi = FloatVector.fromArray(Lanes.FLOAT, w, wOffset + i);
            // Not min and max, which spend instructions on NaN and the sign of zero.
            minimum = minimum.blend(xi, xi.compare(VectorOperators.LT, minimum));
            maximum = maximum.blend(xi, xi.compare(VectorOperators.GT, maximum));
            sumW = sumW.add(wi);
            sumX = sumX.add(wi.mul(xi));
        }
        minimum.blend(0f, minimum.compare(VectorOperators.GT, 0f)).intoArray(state, MINIMUM);
        maximum.intoArray(state, MAXIMUM);
        sumW.intoArray(state, SUM_W);
        sumX.intoArray(state, SUM_X);
    }

    /**
     * Whether no candidate can scale a weight beyond 2^22, where {@link NearestInt} masks bits: the maximum is above 0,
     * the minimum at most 2^16 times as far from 0, and all are far from overflow and underflow. Fitted minima are 0 at
     * most, so that each range is at least the maximum.
     */
    private static boolean isOrdinary(float[] state) {
        FloatVector maximum = FloatVector.fromArray(Lanes.FLOAT, state, MAXIMUM);
        FloatVector minimum = FloatVector.fromArray(Lanes.FLOAT, state, MINIMUM);
        return maximum.compare(VectorOperators.GT, 1e-20f)
                .and(maximum.compare(VectorOperators.LT, 1e20f))
                .and(minimum.compare(VectorOperators.GT, maximum.mul(-0x1p16f)))
                .allTrue();
    }

    /**
     * Rounds the weights of a group to the levels of a candidate, and sums for its fit. A range of 0 needs no case of its
     * own, as it rounds infinity and NaN to levels of 0, which determine no fit.
     */
    private static void round(
            float[] x,
            int offset,
            float[] w,
            float[] levels,
            int levelsOffset,
            int length,
            float numerator,
            int maxLevel,
            float[] state) {
        FloatVector minimum = FloatVector.fromArray(Lanes.FLOAT, state, MINIMUM);
        FloatVector range = FloatVector.fromArray(Lanes.FLOAT, state, MAXIMUM).sub(minimum);
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, numerator).div(range);
        FloatVector sumL = FloatVector.zero(Lanes.FLOAT);
        FloatVector sumL2 = sumL;
        FloatVector sumXL = sumL;
        for (int i = 0; i < length; i += LANES) {
            FloatVector xi = FloatVector.fromArray(Lanes.FLOAT, x, offset + i);
            IntVector bits = xi.sub(minimum).mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector limited = bits.and(NearestInt.MANTISSA)
                    .or(NearestInt.EXPONENT)
                    .max(NearestInt.ROUNDING_BITS)
                    .min(NearestInt.ROUNDING_BITS + maxLevel);
            FloatVector level = limited.reinterpretAsFloats().sub(NearestInt.ROUNDING);
            level.intoArray(levels, levelsOffset + i);
            FloatVector wl = FloatVector.fromArray(Lanes.FLOAT, w, levelsOffset + i).mul(level);
            sumL = sumL.add(wl);
            sumL2 = sumL2.add(wl.mul(level));
            sumXL = sumXL.add(wl.mul(xi));
        }
        inverse.intoArray(state, INVERSE);
        sumL.intoArray(state, SUM_L);
        sumL2.intoArray(state, SUM_L2);
        sumXL.intoArray(state, SUM_XL);
    }

    /** The same for two groups of ordinary numbers. */
    private static void roundOrdinary(
            float[] x,
            int offset,
            float[] w,
            float[] levels,
            int length,
            float numerator,
            int maxLevel,
            float[] stateA,
            float[] stateB) {
        FloatVector minimumA = FloatVector.fromArray(Lanes.FLOAT, stateA, MINIMUM);
        FloatVector minimumB = FloatVector.fromArray(Lanes.FLOAT, stateB, MINIMUM);
        FloatVector rangeA = FloatVector.fromArray(Lanes.FLOAT, stateA, MAXIMUM).sub(minimumA);
        FloatVector rangeB = FloatVector.fromArray(Lanes.FLOAT, stateB, MAXIMUM).sub(minimumB);
        FloatVector inverseA = FloatVector.broadcast(Lanes.FLOAT, numerator).div(rangeA);
        FloatVector inverseB = FloatVector.broadcast(Lanes.FLOAT, numerator).div(rangeB);
        FloatVector rounding = FloatVector.broadcast(Lanes.FLOAT, NearestInt.ROUNDING);
        IntVector bottom = IntVector.broadcast(Lanes.INT, NearestInt.ROUNDING_BITS);
        IntVector top = IntVector.broadcast(Lanes.INT, NearestInt.ROUNDING_BITS + maxLevel);
        FloatVector sumLA = FloatVector.zero(Lanes.FLOAT);
        FloatVector sumLB = sumLA;
        FloatVector sumL2A = sumLA;
        FloatVector sumL2B = sumLA;
        FloatVector sumXLA = sumLA;
        FloatVector sumXLB = sumLA;
        for (int i = 0; i < length; i += LANES) {
            FloatVector xA = FloatVector.fromArray(Lanes.FLOAT, x, offset + i);
            FloatVector xB = FloatVector.fromArray(Lanes.FLOAT, x, offset + length + i);
            IntVector bitsA = xA.sub(minimumA).mul(inverseA).add(rounding).reinterpretAsInts();
            IntVector bitsB = xB.sub(minimumB).mul(inverseB).add(rounding).reinterpretAsInts();
            FloatVector levelA = bitsA.max(bottom).min(top).reinterpretAsFloats().sub(rounding);
            FloatVector levelB = bitsB.max(bottom).min(top).reinterpretAsFloats().sub(rounding);
            levelA.intoArray(levels, i);
            levelB.intoArray(levels, length + i);
            FloatVector wlA = FloatVector.fromArray(Lanes.FLOAT, w, i).mul(levelA);
            FloatVector wlB = FloatVector.fromArray(Lanes.FLOAT, w, length + i).mul(levelB);
            sumLA = sumLA.add(wlA);
            sumLB = sumLB.add(wlB);
            sumL2A = sumL2A.add(wlA.mul(levelA));
            sumL2B = sumL2B.add(wlB.mul(levelB));
            sumXLA = sumXLA.add(wlA.mul(xA));
            sumXLB = sumXLB.add(wlB.mul(xB));
        }
        inverseA.intoArray(stateA, INVERSE);
        inverseB.intoArray(stateB, INVERSE);
        sumLA.intoArray(stateA, SUM_L);
        sumLB.intoArray(stateB, SUM_L);
        sumL2A.intoArray(stateA, SUM_L2);
        sumL2B.intoArray(stateB, SUM_L2);
        sumXLA.intoArray(stateA, SUM_XL);
        sumXLB.intoArray(stateB, SUM_XL);
    }

    /** The scale of the plain range, which is not fitted. */
    private static void invert(float[] state) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, state, INVERSE);
        FloatVector.broadcast(Lanes.FLOAT, 1f).div(inverse).intoArray(state, SCALE);
        FloatVector.fromArray(Lanes.FLOAT, state, MINIMUM).intoArray(state, FITTED);
    }

    /** Least squares; the scale is NaN, whose error is less than no other, where the levels do not determine it. */
    private static void fit(float[] state) {
        FloatVector sumW = FloatVector.fromArray(Lanes.FLOAT, state, SUM_W);
        FloatVector sumX = FloatVector.fromArray(Lanes.FLOAT, state, SUM_X);
        FloatVector sumL = FloatVector.fromArray(Lanes.FLOAT, state, SUM_L);
        FloatVector sumL2 = FloatVector.fromArray(Lanes.FLOAT, state, SUM_L2);
        FloatVector sumXL = FloatVector.fromArray(Lanes.FLOAT, state, SUM_XL);
        FloatVector determinant = sumW.mul(sumL2).sub(sumL.mul(sumL));
        FloatVector minimum = sumL2.mul(sumX).sub(sumL.mul(sumXL)).div(determinant);
        FloatVector dividend = sumW.mul(sumXL).sub(sumX.mul(sumL));
        // A minimum above 0 is replaced by 0, and the scale fitted again.
        VectorMask<Float> positive = minimum.compare(VectorOperators.GT, 0f);
        FloatVector scale = dividend.blend(sumXL, positive).div(determinant.blend(sumL2, positive));
        scale.blend(Float.NaN, determinant.compare(VectorOperators.GT, 0f).not()).intoArray(state, SCALE);
        minimum.blend(0f, positive).intoArray(state, FITTED);
    }

    private static void sumSquaredErrors(
            float[] x, int offset, float[] w, float[] levels, int length, float[] stateA, float[] stateB) {
        FloatVector scaleA = FloatVector.fromArray(Lanes.FLOAT, stateA, SCALE);
        FloatVector scaleB = FloatVector.fromArray(Lanes.FLOAT, stateB, SCALE);
        FloatVector minimumA = FloatVector.fromArray(Lanes.FLOAT, stateA, FITTED);
        FloatVector minimumB = FloatVector.fromArray(Lanes.FLOAT, stateB, FITTED);
        FloatVector errorA = FloatVector.zero(Lanes.FLOAT);
        FloatVector errorB = errorA;
        for (int i = 0; i < length; i += LANES) {
            FloatVector differenceA = scaleA.mul(FloatVector.fromArray(Lanes.FLOAT, levels, i))
                    .add(minimumA)
                    .sub(FloatVector.fromArray(Lanes.FLOAT, x, offset + i));
            FloatVector differenceB = scaleB.mul(FloatVector.fromArray(Lanes.FLOAT, levels, length + i))
                    .add(minimumB)
                    .sub(FloatVector.fromArray(Lanes.FLOAT, x, offset + length + i));
            errorA = errorA.add(FloatVector.fromArray(Lanes.FLOAT, w, i).mul(differenceA.mul(differenceA)));
            errorB = errorB.add(FloatVector.fromArray(Lanes.FLOAT, w, length + i).mul(differenceB.mul(differenceB)));
        }
        errorA.intoArray(stateA, ERROR);
        errorB.intoArray(stateB, ERROR);
    }

    private static void sumAbsoluteErrors(
            float[] x, int offset, float[] w, float[] levels, int length, float[] stateA, float[] stateB) {
        FloatVector scaleA = FloatVector.fromArray(Lanes.FLOAT, stateA, SCALE);
        FloatVector scaleB = FloatVector.fromArray(Lanes.FLOAT, stateB, SCALE);
        FloatVector minimumA = FloatVector.fromArray(Lanes.FLOAT, stateA, FITTED);
        FloatVector minimumB = FloatVector.fromArray(Lanes.FLOAT, stateB, FITTED);
        FloatVector errorA = FloatVector.zero(Lanes.FLOAT);
        FloatVector errorB = errorA;
        for (int i = 0; i < length; i += LANES) {
            FloatVector differenceA = scaleA.mul(FloatVector.fromArray(Lanes.FLOAT, levels, i))
                    .add(minimumA)
                    .sub(FloatVector.fromArray(Lanes.FLOAT, x, offset + i));
            FloatVector differenceB = scaleB.mul(FloatVector.fromArray(Lanes.FLOAT, levels, length + i))
                    .add(minimumB)
                    .sub(FloatVector.fromArray(Lanes.FLOAT, x, offset + length + i));
            errorA = errorA.add(FloatVector.fromArray(Lanes.FLOAT, w, i).mul(differenceA.abs()));
            errorB = errorB.add(FloatVector.fromArray(Lanes.FLOAT, w, length + i).mul(differenceB.abs()));
        }
        errorA.intoArray(stateA, ERROR);
        errorB.intoArray(stateB, ERROR);
    }

    private static void begin(float[] state) {
        System.arraycopy(state, ERROR, state, BEST_ERROR, LANES);
        System.arraycopy(state, SCALE, state, BEST_SCALE, LANES);
        System.arraycopy(state, INVERSE, state, BEST_INVERSE, LANES);
        System.arraycopy(state, MINIMUM, state, BEST_BASE, LANES);
    }

    /** Takes the candidate in those lanes where its error is the least so far. */
    private static void choose(float[] state) {
        FloatVector error = FloatVector.fromArray(Lanes.FLOAT, state, ERROR);
        FloatVector best = FloatVector.fromArray(Lanes.FLOAT, state, BEST_ERROR);
        VectorMask<Float> better = error.compare(VectorOperators.LT, best);
        best.blend(error, better).intoArray(state, BEST_ERROR);
        take(state, SCALE, BEST_SCALE, better);
        take(state, INVERSE, BEST_INVERSE, better);
        take(state, MINIMUM, BEST_BASE, better);
        take(state, FITTED, MINIMUM, better);
    }

    private static void take(float[] state, int candidate, int best, VectorMask<Float> better) {
        FloatVector.fromArray(Lanes.FLOAT, state, best)
                .blend(FloatVector.fromArray(Lanes.FLOAT, state, candidate), better)
                .intoArray(state, best);
    }

    private static void results(float[] state, ScaleMins fits, int result) {
        System.arraycopy(state, BEST_SCALE, fits.scales, result, LANES);
        FloatVector.fromArray(Lanes.FLOAT, state, MINIMUM).neg().intoArray(fits.mins, result);
        System.arraycopy(state, BEST_INVERSE, fits.inverses, result, LANES);
        System.arraycopy(state, BEST_BASE, fits.bases, result, LANES);
        System.arraycopy(state, SUM_W, fits.errorWeightSums, result, LANES);
    }
}
