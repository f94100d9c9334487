package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scale of a sub-block whose quants are symmetric about zero: of nineteen candidates the one with the least weighted
 * squared error (ggml-quants.c, make_qx_quants with rmse_type 1). Each lane searches a sub-block of its own.
 *
 * <p>Quants run from {@code -levels} to {@code levels - 1}. Arrays are in lane order: element i of all lanes stands before
 * element i + 1.
 */
final class SymmetricScaleSearch {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    /** Sub-blocks whose largest weight is below count as zero. */
    static final float ZERO = 1e-15f;

    /** Candidates: the plain scale, then nine below and nine above it. */
    private static final int CANDIDATES = 19;

    private final int levels;
    private final float[] numerators = new float[CANDIDATES];
    private final float[] maxima = new float[LANES];
    private final float[] inverses = new float[CANDIDATES * LANES];
    private final float[] sumsLx = new float[CANDIDATES * LANES];
    private final float[] sumsL2 = new float[CANDIDATES * LANES];

    SymmetricScaleSearch(int levels) {
        this.levels = levels;
        numerators[0] = -levels;
        for (int step = 1; step <= 9; step++) {
            numerators[10 - step] = -(levels + 0.1f * -step);
            numerators[9 + step] = -(levels + 0.1f * step);
        }
    }

    /**
     * Finds one scale a lane.
     *
     * @param x the weights in lane order, {@code n} elements from {@code xOffset}
     * @param w their importance, likewise
     * @param scales receives the scales at {@code index * LANES}: 0 where all weights are zero
     * @param inverseScales receives, at the same place, what the weights are multiplied by before rounding: 0 where all
     *     weights are zero
     */
    void search(
            float[] x, int xOffset, float[] w, int wOffset, int n, float[] scales, float[] inverseScales, int index) {
        findMaxima(x, xOffset, n, maxima);
        sumOne(x, xOffset, w, wOffset, n, maxima, levels, numerators[0], inverses, sumsLx, sumsL2);
        for (int candidate = 1; candidate < CANDIDATES; candidate += 3) {
            sumThree(x, xOffset, w, wOffset, n, maxima, levels, numerators, candidate, inverses, sumsLx, sumsL2);
        }
        choose(maxima, inverses, sumsLx, sumsL2, scales, inverseScales, index * LANES);
    }

    /** The first weight of the largest magnitude. */
    static void findMaxima(float[] x, int xOffset, int n, float[] maxima) {
        FloatVector max = FloatVector.zero(FLOAT);
        FloatVector largest = max;
        for (int i = 0; i < n; i++) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, xOffset + i * LANES);
            FloatVector magnitude = xi.abs();
            VectorMask<Float> larger = magnitude.compare(GT, largest);
            largest = largest.blend(magnitude, larger);
            max = max.blend(xi, larger);
        }
        max.intoArray(maxima, 0);
    }

    private static void sumOne(
            float[] x,
            int xOffset,
            float[] w,
            int wOffset,
            int n,
            float[] maxima,
            int levels,
            float numerator,
            float[] inverses,
            float[] sumsLx,
            float[] sumsL2) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector inverse = FloatVector.broadcast(FLOAT, numerator).div(FloatVector.fromArray(FLOAT, maxima, 0));
        FloatVector sumLx = FloatVector.zero(FLOAT);
        FloatVector sumL2 = sumLx;
        for (int i = 0; i < n; i++) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, xOffset + i * LANES);
            FloatVector wi = FloatVector.fromArray(FLOAT, w, wOffset + i * LANES);
            IntVector bits = xi.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            FloatVector l = bits.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            sumLx = sumLx.add(wi.mul(xi).mul(l));
            sumL2 = sumL2.add(wi.mul(l).mul(l));
        }
        inverse.intoArray(inverses, 0);
        sumLx.intoArray(sumsLx, 0);
        sumL2.intoArray(sumsL2, 0);
    }

    /** Three candidates at once: they share loads, and their chains of sums hide each other's latency. */
    private static void sumThree(
            float[] x,
            int xOffset,
            float[] w,
            int wOffset,
            int n,
            float[] maxima,
            int levels,
            float[] numerators,
            int candidate,
            float[] inverses,
            float[] sumsLx,
            float[] sumsL2) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector max = FloatVector.fromArray(FLOAT, maxima, 0);
        FloatVector inverse0 = FloatVector.broadcast(FLOAT, numerators[candidate]).div(max);
        FloatVector inverse1 = FloatVector.broadcast(FLOAT, numerators[candidate + 1]).div(max);
        FloatVector inverse2 = FloatVector.broadcast(FLOAT, numerators[candidate + 2]).div(max);
        FloatVector sumLx0 = FloatVector.zero(FLOAT);
        FloatVector sumLx1 = sumLx0;
        FloatVector sumLx2 = sumLx0;
        FloatVector sumL20 = sumLx0;
        FloatVector sumL21 = sumLx0;
        FloatVector sumL22 = sumLx0;
        for (int i = 0; i < n; i++) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, xOffset + i * LANES);
            FloatVector wi = FloatVector.fromArray(FLOAT, w, wOffset + i * LANES);
            FloatVector wx = wi.mul(xi);
            IntVector bits0 = xi.mul(inverse0).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector bits1 = xi.mul(inverse1).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector bits2 = xi.mul(inverse2).add(NearestInt.ROUNDING).reinterpretAsInts();
            FloatVector l0 = bits0.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector l1 = bits1.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector l2 = bits2.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            sumLx0 = sumLx0.add(wx.mul(l0));
            sumLx1 = sumLx1.add(wx.mul(l1));
            sumLx2 = sumLx2.add(wx.mul(l2));
            sumL20 = sumL20.add(wi.mul(l0).mul(l0));
            sumL21 = sumL21.add(wi.mul(l1).mul(l1));
            sumL22 = sumL22.add(wi.mul(l2).mul(l2));
        }
        int at = candidate * LANES;
        inverse0.intoArray(inverses, at);
        inverse1.intoArray(inverses, at + LANES);
        inverse2.intoArray(inverses, at + 2 * LANES);
        sumLx0.intoArray(sumsLx, at);
        sumLx1.intoArray(sumsLx, at + LANES);
        sumLx2.intoArray(sumsLx, at + 2 * LANES);
        sumL20.intoArray(sumsL2, at);
        sumL21.intoArray(sumsL2, at + LANES);
        sumL22.intoArray(sumsL2, at + 2 * LANES);
    }

    private static void choose(
            float[] maxima,
            float[] inverses,
            float[] sumsLx,
            float[] sumsL2,
            float[] scales,
            float[] inverseScales,
            int offset) {
        FloatVector zero = FloatVector.zero(FLOAT);
        FloatVector sumLx = FloatVector.fromArray(FLOAT, sumsLx, 0);
        FloatVector sumL2 = FloatVector.fromArray(FLOAT, sumsL2, 0);
        FloatVector scale = sumLx.div(sumL2).blend(zero, sumL2.compare(VectorOperators.EQ, zero));
        FloatVector best = scale.mul(sumLx);
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, 0);
        for (int at = LANES; at < CANDIDATES * LANES; at += LANES) {
            sumLx = FloatVector.fromArray(FLOAT, sumsLx, at);
            sumL2 = FloatVector.fromArray(FLOAT, sumsL2, at);
            VectorMask<Float> better =
                    sumLx.mul(sumLx).compare(GT, best.mul(sumL2)).and(sumL2.compare(GT, zero));
            FloatVector ratio = sumLx.div(sumL2);
            scale = scale.blend(ratio, better);
            best = best.blend(ratio.mul(sumLx), better);
            inverse = inverse.blend(FloatVector.fromArray(FLOAT, inverses, at), better);
        }
        VectorMask<Float> used = FloatVector.fromArray(FLOAT, maxima, 0).abs().compare(GE, ZERO);
        zero.blend(scale, used).intoArray(scales, offset);
        zero.blend(inverse, used).intoArray(inverseScales, offset);
    }
}
