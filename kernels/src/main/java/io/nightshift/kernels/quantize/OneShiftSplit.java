package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** The split of IQ1_S: 32 weights, all of them shifted one way. */
final class OneShiftSplit extends TernarySplit {
    private static final int LENGTH = 32;
    private static final int VARIANTS = 2;

    // Rows of each step of `sums`: sums up to a rank, then what those behind it add to a split that ends there.
    private static final int SUM_X = 0;
    private static final int SUM_W = LANES;
    private static final int REST_X_UP = 2 * LANES;
    private static final int REST_X_DOWN = 3 * LANES;
    private static final int REST_W_UP = 4 * LANES;
    private static final int REST_W_DOWN = 5 * LANES;
    private static final int STEP = 6 * LANES;

    private final float[] sums = new float[(LENGTH + 1) * STEP];

    OneShiftSplit() {
        super(LENGTH, 1e-12f);
    }

    @Override
    int variants() {
        return VARIANTS;
    }

    @Override
    int shifts(int variant) {
        return 3 * variant;
    }

    @Override
    void sort(float[] x, float[] w, int[] ranks) {
        for (int i = 0; i < LENGTH; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                int from = i * LANES + lane;
                int to = (ranks[from] + 1) * STEP + lane;
                sums[to + SUM_X] = w[from] * x[from];
                sums[to + SUM_W] = w[from];
            }
        }
        sum(sums);
        addRests(sums);
    }

    @Override
    void split(int start, int first, int last, int stride) {
        split(sums, start, first, last, stride, state);
    }

    private static void sum(float[] sums) {
        FloatVector sumX = FloatVector.zero(Lanes.FLOAT);
        FloatVector sumW = FloatVector.zero(Lanes.FLOAT);
        for (int at = STEP; at < sums.length; at += STEP) {
            sumX = sumX.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X));
            sumW = sumW.add(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_W));
            sumX.intoArray(sums, at + SUM_X);
            sumW.intoArray(sums, at + SUM_W);
        }
    }

    private static void addRests(float[] sums) {
        FloatVector allX = FloatVector.fromArray(Lanes.FLOAT, sums, LENGTH * STEP + SUM_X);
        FloatVector allW = FloatVector.fromArray(Lanes.FLOAT, sums, LENGTH * STEP + SUM_W);
        for (int at = 0; at < sums.length; at += STEP) {
            FloatVector restX = allX.sub(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X));
            FloatVector restW = allW.sub(FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_W));
            restX.mul(1.125f).intoArray(sums, at + REST_X_UP);
            restX.mul(0.875f).intoArray(sums, at + REST_X_DOWN);
            restW.mul(1.125f).mul(1.125f).intoArray(sums, at + REST_W_UP);
            restW.mul(0.875f).mul(0.875f).intoArray(sums, at + REST_W_DOWN);
        }
    }

    private static void split(float[] sums, int start, int first, int last, int stride, float[] state) {
        int from = start * STEP;
        FloatVector startX = FloatVector.fromArray(Lanes.FLOAT, sums, from + SUM_X);
        FloatVector startW = FloatVector.fromArray(Lanes.FLOAT, sums, from + SUM_W);
        FloatVector lowXUp = startX.mul(-0.875f);
        FloatVector lowXDown = startX.mul(-1.125f);
        FloatVector lowWUp = startW.mul(-0.875f).mul(-0.875f);
        FloatVector lowWDown = startW.mul(-1.125f).mul(-1.125f);
        for (int end = first; end <= last; end += stride) {
            int at = end * STEP;
            int number = choice(start, end, LENGTH, VARIANTS);
            // The middle level stands for 1/8 or -1/8: the same product, added or subtracted.
            FloatVector middleX =
                    FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X).sub(startX).mul(0.125f);
            FloatVector middleW =
                    FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_W).sub(startW).mul(0.125f).mul(0.125f);

            FloatVector up = lowXUp.add(middleX).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_X_UP));
            FloatVector upW = lowWUp.add(middleW).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_W_UP));
            if (up.mul(up).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(upW)).anyTrue()) {
                up.intoArray(state, X);
                upW.intoArray(state, W);
                keepBetter(number, state);
            }
            FloatVector down = lowXDown.sub(middleX).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_X_DOWN));
            FloatVector downW = lowWDown.add(middleW).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_W_DOWN));
            if (down.mul(down).compare(GT, FloatVector.fromArray(Lanes.FLOAT, state, BEST).mul(downW)).anyTrue()) {
                down.intoArray(state, X);
                downW.intoArray(state, W);
                keepBetter(number + 1, state);
            }
        }
    }
}
