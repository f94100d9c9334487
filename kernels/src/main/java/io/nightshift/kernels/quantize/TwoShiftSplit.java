package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** The split of IQ1_M: 16 weights, each half of them shifted its own way. */
final class TwoShiftSplit extends TernarySplit {
    private static final int LENGTH = 16;
    private static final int VARIANTS = 4;

    // Rows of each step of `sums`, for the first half and then, HALF rows on, for the second: sums up to a rank, and
    // what the sum of weights adds to the denominator of a split that ends there.
    private static final int SUM_X = 0;
    private static final int SUM_W = LANES;
    private static final int END_W_UP = 2 * LANES;
    private static final int END_W_DOWN = 3 * LANES;
    private static final int HALF = 4 * LANES;
    private static final int STEP = 2 * HALF;

    // What a boundary between levels 0 and 1, and one between 1 and 2, adds: the differences of the levels' squares.
    private static final float START_UP = 0.75f;
    private static final float START_DOWN = 1.25f;
    private static final float END_UP = -1.25f;
    private static final float END_DOWN = -0.75f;

    private final float[] sums = new float[(LENGTH + 1) * STEP];

    TwoShiftSplit() {
        super(LENGTH, 1e-7f);
    }

    @Override
    int variants() {
        return VARIANTS;
    }

    @Override
    int shifts(int variant) {
        return variant;
    }

    @Override
    void sort(float[] x, float[] w, int[] ranks) {
        for (int i = 0; i < LENGTH; i++) {
            int half = i / 8 * HALF;
            for (int lane = 0; lane < LANES; lane++) {
                int from = i * LANES + lane;
                int to = (ranks[from] + 1) * STEP + lane;
                sums[to + half + SUM_X] = w[from] * x[from];
                sums[to + half + SUM_W] = w[from];
                sums[to + (HALF - half) + SUM_X] = 0;
                sums[to + (HALF - half) + SUM_W] = 0;
            }
        }
        sum(sums, 0);
        sum(sums, HALF);
    }

    @Override
    void split(int start, int first, int last, int stride) {
        split(sums, start, first, last, stride, state);
    }

    private static void sum(float[] sums, int half) {
        FloatVector sumX = FloatVector.zero(Lanes.FLOAT);
        FloatVector sumW = FloatVector.zero(Lanes.FLOAT);
        for (int at = half + STEP; at < sums.length; at += STEP) {
            sumX = sumX.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X));
            sumW = sumW.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_W));
            sumX.intoArray(sums, at + SUM_X);
            sumW.intoArray(sums, at + SUM_W);
            sumW.mul(END_UP).intoArray(sums, at + END_W_UP);
            sumW.mul(END_DOWN).intoArray(sums, at + END_W_DOWN);
        }
    }

    private static void split(float[] sums, int start, int first, int last, int stride, float[] state) {
        int from = start * STEP;
        int all = LENGTH * STEP;
        FloatVector startX0 = FloatVector.fromArray(Lanes.FLOAT, sums, from + SUM_X);
        FloatVector startX1 = FloatVector.fromArray(Lanes.FLOAT, sums, from + HALF + SUM_X);
        FloatVector allXUp0 = FloatVector.fromArray(Lanes.FLOAT, sums, all + SUM_X).mul(1.125f);
        FloatVector allXUp1 = FloatVector.fromArray(Lanes.FLOAT, sums, all + HALF + SUM_X).mul(1.125f);
        FloatVector allXDown0 = FloatVector.fromArray(Lanes.FLOAT, sums, all + SUM_X).mul(0.875f);
        FloatVector allXDown1 = FloatVector.fromArray(Lanes.FLOAT, sums, all + HALF + SUM_X).mul(0.875f);
        FloatVector wUp0 = startW(sums, all, from, 1.125f, START_UP);
        FloatVector wUp1 = startW(sums, all + HALF, from + HALF, 1.125f, START_UP);
        FloatVector wDown0 = startW(sums, all, from, 0.875f, START_DOWN);
        FloatVector wDown1 = startW(sums, all + HALF, from + HALF, 0.875f, START_DOWN);
        for (int end = first; end <= last; end += stride) {
            int at = end * STEP;
            int number = choice(start, end, LENGTH, VARIANTS);
            FloatVector x0 = startX0.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X));
            FloatVector x1 = startX1.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + HALF + SUM_X));
            FloatVector xUp0 = allXUp0.sub(x0);
            FloatVector xUp1 = allXUp1.sub(x1);
            FloatVector xDown0 = allXDown0.sub(x0);
            FloatVector xDown1 = allXDown1.sub(x1);
            FloatVector up0 = wUp0.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + END_W_UP));
            FloatVector up1 = wUp1.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + HALF + END_W_UP));
            FloatVector down0 = wDown0.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + END_W_DOWN));
            FloatVector down1 = wDown1.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + HALF + END_W_DOWN));

            FloatVector upUp = xUp0.add(xUp1);
            FloatVector upUpW = up0.add(up1);
            if (upUp.mul(upUp).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(upUpW)).anyTrue()) {
                upUp.intoArray(state, X);
                upUpW.intoArray(state, W);
                keepBetter(number, state);
            }
            FloatVector upDown = xUp0.add(xDown1);
            FloatVector upDownW = up0.add(down1);
            if (upDown.mul(upDown).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(upDownW)).anyTrue()) {
                upDown.intoArray(state, X);
                upDownW.intoArray(state, W);
                keepBetter(number + 1, state);
            }
            FloatVector downUp = xDown0.add(xUp1);
            FloatVector downUpW = down0.add(up1);
            if (downUp.mul(downUp).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(downUpW)).anyTrue()) {
                downUp.intoArray(state, X);
                downUpW.intoArray(state, W);
                keepBetter(number + 2, state);
            }
            FloatVector downDown = xDown0.add(xDown1);
            FloatVector downDownW = down0.add(down1);
            if (downDown.mul(downDown).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(downDownW)).anyTrue()) {
                downDown.intoArray(state, X);
                downDownW.intoArray(state, W);
                keepBetter(number + 3, state);
            }
        }
    }

    /** The part of a denominator that does not depend on where the split ends. */
    private static FloatVector startW(float[] sums, int last, int from, float highest, float factor) {
        return row(sums, last + SUM_W).mul(highest).mul(highest).add(row(sums, from + SUM_W).mul(factor));
    }

    private static FloatVector row(float[] sums, int at) {
        return FloatVector.fromArray(Lanes.FLOAT, sums, at);
    }
}
