package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scale of a block of 32 weights that are rounded to {@link NonlinearLevels}: of sixteen candidates the one with
 * the least weighted squared error (ggml-quants.c, quantize_row_iq4_nl_impl). Each lane searches a block of its own.
 *
 * <p>The first candidate takes the largest weight to 127, the others take it to -134, -133, ... -120. Between -134 and
 * -120 no weight passes more than one of the bounds between levels, for these are further apart, in proportion, than
 * that. So for each weight that bound is found once, with what the weight adds to the sums on either side of it; a
 * candidate then costs a product, a comparison and a choice for each sum.
 */
final class NonlinearScaleSearch {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int SIZE = BlockExtremes.SIZE;
    private static final int GROUP = SIZE * LANES;
    private static final int CANDIDATES = 16;

    /** Candidates that are summed side by side. */
    private static final int TOGETHER = 3;

    private final float[] maxima = new float[LANES];

    /** Of each weight: the bound, what it adds to either sum above, and what it adds below. */
    private final float[] bounds = new float[GROUP];

    private final float[] aboveQx = new float[GROUP];
    private final float[] aboveQ2 = new float[GROUP];
    private final float[] belowQx = new float[GROUP];
    private final float[] belowQ2 = new float[GROUP];

    /** Of each candidate: the sums of w q x and of w q q. */
    private final float[] sumsQx = new float[CANDIDATES * LANES];

    private final float[] sumsQ2 = new float[CANDIDATES * LANES];

    /**
     * Finds a scale a lane.
     *
     * @param x the weights in lane order, from {@code offset}
     * @param w how much their errors count, likewise
     * @param scales receives the scales from {@code index}: 0 where all weights are zero, or their errors do not count
     */
    void search(float[] x, float[] w, int offset, float[] scales, int index) {
        SymmetricScaleSearch.findMaxima(x, offset, SIZE, maxima);
        sumFirst(x, w, offset, maxima, sumsQx, sumsQ2);
        prepare(x, w, offset, maxima, bounds, aboveQx, aboveQ2, belowQx, belowQ2);
        for (int candidate = 1; candidate < CANDIDATES; candidate += TOGETHER) {
            sumThree(x, offset, maxima, candidate, bounds, aboveQx, aboveQ2, belowQx, belowQ2, sumsQx, sumsQ2);
        }
        choose(maxima, sumsQx, sumsQ2, scales, index);
    }

    /** The sums of the first candidate. */
    private static void sumFirst(
            float[] x, float[] w, int offset, float[] maxima, float[] sumsQx, float[] sumsQ2) {
        FloatVector inverse = FloatVector.broadcast(FLOAT, 1f).div(FloatVector.fromArray(FLOAT, maxima, 0).div(127f));
        FloatVector sumQx = FloatVector.zero(FLOAT);
        FloatVector sumQ2 = sumQx;
        for (int i = offset; i < offset + GROUP; i += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, i);
            FloatVector wi = FloatVector.fromArray(FLOAT, w, i);
            FloatVector number = xi.mul(inverse);
            FloatVector level = NonlinearLevels.nearBound(number);
            FloatVector low = NonlinearLevels.values(level);
            FloatVector high = NonlinearLevels.values(level.add(1f));
            FloatVector q = high.blend(low, number.compare(LT, low.add(high).mul(0.5f)));
            FloatVector wq = wi.mul(q);
            sumQx = sumQx.add(wq.mul(xi));
            sumQ2 = sumQ2.add(wq.mul(q));
        }
        sumQx.intoArray(sumsQx, 0);
        sumQ2.intoArray(sumsQ2, 0);
    }

    /** What the other candidates need of each weight. */
    private static void prepare(
            float[] x,
            float[] w,
            int offset,
            float[] maxima,
            float[] bounds,
            float[] aboveQx,
            float[] aboveQ2,
            float[] belowQx,
            float[] belowQ2) {
        FloatVector middle = FloatVector.broadcast(FLOAT, -127f).div(FloatVector.fromArray(FLOAT, maxima, 0));
        for (int i = 0; i < GROUP; i += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, offset + i);
            FloatVector wi = FloatVector.fromArray(FLOAT, w, offset + i);
            FloatVector level = NonlinearLevels.nearBound(xi.mul(middle));
            FloatVector low = NonlinearLevels.values(level);
            FloatVector high = NonlinearLevels.values(level.add(1f));
            FloatVector wLow = wi.mul(low);
            FloatVector wHigh = wi.mul(high);
            low.add(high).mul(0.5f).intoArray(bounds, i);
            wHigh.mul(xi).intoArray(aboveQx, i);
            wHigh.mul(high).intoArray(aboveQ2, i);
            wLow.mul(xi).intoArray(belowQx, i);
            wLow.mul(low).intoArray(belowQ2, i);
        }
    }

    /** The sums of three candidates: they share loads, and their chains of sums hide each other's latency. */
    private static void sumThree(
            float[] x,
            int offset,
            float[] maxima,
            int candidate,
            float[] bounds,
            float[] aboveQx,
            float[] aboveQ2,
            float[] belowQx,
            float[] belowQ2,
            float[] sumsQx,
            float[] sumsQ2) {
        FloatVector max = FloatVector.fromArray(FLOAT, maxima, 0);
        FloatVector inverse0 = FloatVector.broadcast(FLOAT, candidate - 135f).div(max);
        FloatVector inverse1 = FloatVector.broadcast(FLOAT, candidate - 134f).div(max);
        FloatVector inverse2 = FloatVector.broadcast(FLOAT, candidate - 133f).div(max);
        FloatVector sumQx0 = FloatVector.zero(FLOAT);
        FloatVector sumQx1 = sumQx0;
        FloatVector sumQx2 = sumQx0;
        FloatVector sumQ20 = sumQx0;
        FloatVector sumQ21 = sumQx0;
        FloatVector sumQ22 = sumQx0;
        for (int i = 0; i < GROUP; i += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, offset + i);
            FloatVector bound = FloatVector.fromArray(FLOAT, bounds, i);
            FloatVector highQx = FloatVector.fromArray(FLOAT, aboveQx, i);
            FloatVector highQ2 = FloatVector.fromArray(FLOAT, aboveQ2, i);
            FloatVector lowQx = FloatVector.fromArray(FLOAT, belowQx, i);
            FloatVector lowQ2 = FloatVector.fromArray(FLOAT, belowQ2, i);
            VectorMask<Float> below0 = xi.mul(inverse0).compare(LT, bound);
            VectorMask<Float> below1 = xi.mul(inverse1).compare(LT, bound);
            VectorMask<Float> below2 = xi.mul(inverse2).compare(LT, bound);
            sumQx0 = sumQx0.add(highQx.blend(lowQx, below0));
            sumQx1 = sumQx1.add(highQx.blend(lowQx, below1));
            sumQx2 = sumQx2.add(highQx.blend(lowQx, below2));
            sumQ20 = sumQ20.add(highQ2.blend(lowQ2, below0));
            sumQ21 = sumQ21.add(highQ2.blend(lowQ2, below1));
            sumQ22 = sumQ22.add(highQ2.blend(lowQ2, below2));
        }
        int at = candidate * LANES;
        sumQx0.intoArray(sumsQx, at);
        sumQx1.intoArray(sumsQx, at + LANES);
        sumQx2.intoArray(sumsQx, at + 2 * LANES);
        sumQ20.intoArray(sumsQ2, at);
        sumQ21.intoArray(sumsQ2, at + LANES);
        sumQ22.intoArray(sumsQ2, at + 2 * LANES);
    }

    private static void choose(float[] maxima, float[] sumsQx, float[] sumsQ2, float[] scales, int index) {
        FloatVector zero = FloatVector.zero(FLOAT);
        FloatVector sumQx = FloatVector.fromArray(FLOAT, sumsQx, 0);
        FloatVector sumQ2 = FloatVector.fromArray(FLOAT, sumsQ2, 0);
        FloatVector scale = zero.blend(sumQx.div(sumQ2), sumQ2.compare(GT, zero));
        FloatVector best = scale.mul(sumQx);
        for (int at = LANES; at < CANDIDATES * LANES; at += LANES) {
            sumQx = FloatVector.fromArray(FLOAT, sumsQx, at);
            sumQ2 = FloatVector.fromArray(FLOAT, sumsQ2, at);
            VectorMask<Float> better =
                    sumQx.mul(sumQx).compare(GT, best.mul(sumQ2)).and(sumQ2.compare(GT, zero));
            FloatVector ratio = sumQx.div(sumQ2);
            scale = scale.blend(ratio, better);
            best = best.blend(ratio.mul(sumQx), better);
        }
        VectorMask<Float> used = FloatVector.fromArray(FLOAT, maxima, 0).abs().compare(GE, SymmetricScaleSearch.ZERO);
        zero.blend(scale, used).intoArray(scales, index);
    }
}
