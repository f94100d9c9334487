package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The split of IQ1_S: 32 weights, all of them shifted one way. */
final class OneShiftSplit extends TernarySplit {
    private static final int LENGTH = 32;

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
        return 2;
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
    void split(int start) {
        split(sums, start, state);
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

    private static void split(float[] sums, int start, float[] state) {
        FloatVector best = FloatVector.fromArray(Lanes.FLOAT, state, BEST);
        FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, state, SCALE);
        FloatVector choice = FloatVector.fromArray(Lanes.FLOAT, state, CHOICE);
        FloatVector startX = FloatVector.fromArray(Lanes.FLOAT, sums, start * STEP + SUM_X);
        FloatVector startW = FloatVector.fromArray(Lanes.FLOAT, sums, start * STEP + SUM_W);
        FloatVector lowXUp = startX.mul(-0.875f);
        FloatVector lowXDown = startX.mul(-1.125f);
        FloatVector lowWUp = startW.mul(-0.875f).mul(-0.875f);
        FloatVector lowWDown = startW.mul(-1.125f).mul(-1.125f);
        for (int end = start; end <= LENGTH; end++) {
            int at = end * STEP;
            // The middle level stands for 1/8 or -1/8: the same product, added or subtracted.
            FloatVector middleX = FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_X).sub(startX).mul(0.125f);
            FloatVector middleW =
                    FloatVector.fromArray(Lanes.FLOAT, sums, at + SUM_W).sub(startW).mul(0.125f).mul(0.125f);
            FloatVector xUp = lowXUp.add(middleX).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_X_UP));
            FloatVector xDown = lowXDown.sub(middleX).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_X_DOWN));
            FloatVector wUp = lowWUp.add(middleW).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_W_UP));
            FloatVector wDown = lowWDown.add(middleW).add(FloatVector.fromArray(Lanes.FLOAT, sums, at + REST_W_DOWN));
            VectorMask<Float> up = better(xUp, wUp, best);
            if (up.or(better(xDown, wDown, best)).anyTrue()) {
                int number = choice(start, end, LENGTH, 2, 0);
                FloatVector ratio = xUp.div(wUp);
                scale = scale.blend(ratio, up);
                best = best.blend(ratio.mul(xUp), up);
                choice = choice.blend((float) number, up);
                VectorMask<Float> down = better(xDown, wDown, best);
                ratio = xDown.div(wDown);
                scale = scale.blend(ratio, down);
                best = best.blend(ratio.mul(xDown), down);
                choice = choice.blend((float) (number + 1), down);
            }
        }
        best.intoArray(state, BEST);
        scale.intoArray(state, SCALE);
        choice.intoArray(state, CHOICE);
    }

    private static VectorMask<Float> better(FloatVector sumQX, FloatVector sumQ2, FloatVector best) {
        return sumQX.mul(sumQX).compare(GT, best.mul(sumQ2)).and(sumQ2.compare(GT, 0f));
    }
}
