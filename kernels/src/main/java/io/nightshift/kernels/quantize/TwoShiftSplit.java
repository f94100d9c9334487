package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

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
    void split(int start) {
        split(sums, start, state);
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

    // No branches, as some lane has a better split most of the time; and no calls but the Vector API's, as the loop is
    // large enough for the JIT to leave others as calls, with vectors as objects.
    private static void split(float[] sums, int start, float[] state) {
        int from = start * STEP;
        int last = LENGTH * STEP;
        FloatVector best = FloatVector.fromArray(Lanes.FLOAT, state, BEST);
        FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, state, SCALE);
        FloatVector choice = FloatVector.fromArray(Lanes.FLOAT, state, CHOICE);
        FloatVector number = FloatVector.broadcast(Lanes.FLOAT, choice(start, start, LENGTH, VARIANTS));
        FloatVector startX0 = row(sums, from + SUM_X);
        FloatVector startX1 = row(sums, from + HALF + SUM_X);
        FloatVector allXUp0 = row(sums, last + SUM_X).mul(1.125f);
        FloatVector allXUp1 = row(sums, last + HALF + SUM_X).mul(1.125f);
        FloatVector allXDown0 = row(sums, last + SUM_X).mul(0.875f);
        FloatVector allXDown1 = row(sums, last + HALF + SUM_X).mul(0.875f);
        FloatVector wUp0 = startW(sums, last, from, 1.125f, START_UP);
        FloatVector wUp1 = startW(sums, last + HALF, from + HALF, 1.125f, START_UP);
        FloatVector wDown0 = startW(sums, last, from, 0.875f, START_DOWN);
        FloatVector wDown1 = startW(sums, last + HALF, from + HALF, 0.875f, START_DOWN);
        for (int at = from; at <= last; at += STEP) {
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
            VectorMask<Float> better;

            FloatVector upUp = xUp0.add(xUp1);
            FloatVector upUpW = up0.add(up1);
            FloatVector upUpScale = upUp.div(upUpW);
            better = upUp.mul(upUp).compare(GT, best.mul(upUpW)).and(upUpW.compare(GT, 0f));
            best = best.blend(upUpScale.mul(upUp), better);
            scale = scale.blend(upUpScale, better);
            choice = choice.blend(number, better);
            number = number.add(1f);

            FloatVector upDown = xUp0.add(xDown1);
            FloatVector upDownW = up0.add(down1);
            FloatVector upDownScale = upDown.div(upDownW);
            better = upDown.mul(upDown).compare(GT, best.mul(upDownW)).and(upDownW.compare(GT, 0f));
            best = best.blend(upDownScale.mul(upDown), better);
            scale = scale.blend(upDownScale, better);
            choice = choice.blend(number, better);
            number = number.add(1f);

            FloatVector downUp = xDown0.add(xUp1);
            FloatVector downUpW = down0.add(up1);
            FloatVector downUpScale = downUp.div(downUpW);
            better = downUp.mul(downUp).compare(GT, best.mul(downUpW)).and(downUpW.compare(GT, 0f));
            best = best.blend(downUpScale.mul(downUp), better);
            scale = scale.blend(downUpScale, better);
            choice = choice.blend(number, better);
            number = number.add(1f);

            FloatVector downDown = xDown0.add(xDown1);
            FloatVector downDownW = down0.add(down1);
            FloatVector downDownScale = downDown.div(downDownW);
            better = downDown.mul(downDown).compare(GT, best.mul(downDownW)).and(downDownW.compare(GT, 0f));
            best = best.blend(downDownScale.mul(downDown), better);
            scale = scale.blend(downDownScale, better);
            choice = choice.blend(number, better);
            number = number.add(1f);
        }
        best.intoArray(state, BEST);
        scale.intoArray(state, SCALE);
        choice.intoArray(state, CHOICE);
    }

    /** The part of a denominator that does not depend on where the split ends. */
    private static FloatVector startW(float[] sums, int last, int from, float highest, float factor) {
        return row(sums, last + SUM_W).mul(highest).mul(highest).add(row(sums, from + SUM_W).mul(factor));
    }

    private static FloatVector row(float[] sums, int at) {
        return FloatVector.fromArray(Lanes.FLOAT, sums, at);
    }
}
