package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scales of sub-blocks, refined one quant at a time: each quant in turn is replaced by the one that the scale of the
 * others asks for, if that lowers the squared error weighted by squares, up to five times around (ggml-quants.c,
 * make_q3_quants).
 *
 * <p>A step needs the sums that the step before left, and waiting for those would take most of the time. So the loop over
 * sub-blocks is inside that over elements: a processor then works on several sub-blocks at once. Sub-blocks that no lane
 * has changed in a whole round are finished.
 */
final class RefinedScaleSearch {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;
    private static final int ROUNDS = 5;

    private final int subBlocks;
    private final int n;
    private final int levels;

    /** What {@link #refine} reads and writes, in lane order: elements, then sums and changes a sub-block. */
    private final float[] quants;

    private final float[] sumsLx;
    private final float[] sumsL2;
    private final int[] changes;
    private final float[] maxima;

    private final int[] active;

    RefinedScaleSearch(int subBlocks, int n, int levels) {
        this.subBlocks = subBlocks;
        this.n = n;
        this.levels = levels;
        quants = new float[subBlocks * n * LANES];
        sumsLx = new float[subBlocks * LANES];
        sumsL2 = new float[subBlocks * LANES];
        changes = new int[subBlocks * LANES];
        maxima = new float[subBlocks * LANES];
        active = new int[subBlocks];
    }

    /**
     * Finds the scales of all sub-blocks of every lane.
     *
     * @param x weights in lane order, {@code subBlocks * n} elements
     * @param scales receives the scales in lane order: 0 where all weights are zero
     */
    void search(float[] x, float[] scales) {
        for (int s = 0; s < subBlocks; s++) {
            start(x, s, n, levels, quants, sumsLx, sumsL2, maxima);
            active[s] = s;
        }
        int count = subBlocks;
        for (int round = 0; round < ROUNDS && count > 0; round++) {
            for (int i = 0; i < n; i++) {
                refine(x, i, n, levels, active, count, quants, sumsLx, sumsL2, changes);
            }
            count = keepChanged(active, count, changes);
        }
        for (int s = 0; s < subBlocks; s++) {
            scale(sumsLx, sumsL2, maxima, s * LANES, scales);
        }
    }

    /** The quants that the search ended with, {@code levels} added, four a word; 0 where all weights are zero. */
    void joinQuants(int s, int[] words) {
        IntVector used = SymmetricQuants.bits(
                FloatVector.fromArray(FLOAT, maxima, s * LANES).abs().compare(GE, SymmetricScaleSearch.ZERO));
        for (int i = s * n; i < (s + 1) * n; i += 4) {
            IntVector word = IntVector.zero(INT);
            for (int k = 0; k < 4; k++) {
                FloatVector quant = FloatVector.fromArray(FLOAT, quants, (i + k) * LANES);
                IntVector level = ((IntVector) quant.convert(F2I, 0)).add(levels);
                word = word.or(level.lanewise(LSHL, 8 * k));
            }
            word.and(used).intoArray(words, i / 4 * LANES);
        }
    }

    /** First quants: the weight of the largest magnitude goes to -levels. */
    private static void start(
            float[] x, int s, int n, int levels, float[] quants, float[] sumsLx, float[] sumsL2, float[] maxima) {
        FloatVector max = FloatVector.zero(FLOAT);
        FloatVector largest = max;
        for (int at = s * n * LANES; at < (s + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            FloatVector magnitude = xi.abs();
            VectorMask<Float> larger = magnitude.compare(GT, largest);
            largest = largest.blend(magnitude, larger);
            max = max.blend(xi, larger);
        }
        max.intoArray(maxima, s * LANES);
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector inverse = FloatVector.broadcast(FLOAT, -levels).div(max);
        FloatVector sumLx = FloatVector.zero(FLOAT);
        FloatVector sumL2 = sumLx;
        for (int at = s * n * LANES; at < (s + 1) * n * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            FloatVector w = xi.mul(xi);
            IntVector bits = xi.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            FloatVector l = bits.max(low).min(high).reinterpretAsFloats().sub(NearestInt.ROUNDING);
            l.intoArray(quants, at);
            sumLx = sumLx.add(w.mul(xi).mul(l));
            sumL2 = sumL2.add(w.mul(l).mul(l));
        }
        sumLx.intoArray(sumsLx, s * LANES);
        sumL2.intoArray(sumsL2, s * LANES);
    }

    /** One step: element i of every active sub-block. */
    private static void refine(
            float[] x,
            int i,
            int n,
            int levels,
            int[] active,
            int count,
            float[] quants,
            float[] sumsLx,
            float[] sumsL2,
            int[] changes) {
        IntVector low = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS - levels);
        IntVector high = IntVector.broadcast(INT, NearestInt.ROUNDING_BITS + levels - 1);
        FloatVector zero = FloatVector.zero(FLOAT);
        for (int k = 0; k < count; k++) {
            int s = active[k];
            int at = (s * n + i) * LANES;
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            FloatVector l = FloatVector.fromArray(FLOAT, quants, at);
            FloatVector sumLx = FloatVector.fromArray(FLOAT, sumsLx, s * LANES);
            FloatVector sumL2 = FloatVector.fromArray(FLOAT, sumsL2, s * LANES);
            FloatVector w = xi.mul(xi);
            FloatVector wx = w.mul(xi);
            FloatVector otherLx = sumLx.sub(wx.mul(l));
            FloatVector otherL2 = sumL2.sub(w.mul(l).mul(l));
            // The nearest quant as NearestInt finds it, beyond 2^22 and for NaN too.
            IntVector bits = xi.mul(otherL2).div(otherLx).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector limited = bits.and(NearestInt.MANTISSA).or(NearestInt.EXPONENT).max(low).min(high);
            FloatVector newL = limited.reinterpretAsFloats().sub(NearestInt.ROUNDING);
            FloatVector newLx = otherLx.add(wx.mul(newL));
            FloatVector newL2 = otherL2.add(w.mul(newL).mul(newL));
            VectorMask<Float> better = newLx.mul(newLx).mul(sumL2).compare(GT, sumLx.mul(sumLx).mul(newL2));
            VectorMask<Float> changed = otherLx.compare(GT, zero)
                    .and(newL.compare(NE, l))
                    .and(newL2.compare(GT, zero))
                    .and(better);
            FloatVector keptL = l.blend(newL, changed);
            keptL.intoArray(quants, at);
            sumLx.blend(newLx, changed).intoArray(sumsLx, s * LANES);
            sumL2.blend(newL2, changed).intoArray(sumsL2, s * LANES);
            keptL.reinterpretAsInts()
                    .lanewise(XOR, l.reinterpretAsInts())
                    .or(IntVector.fromArray(INT, changes, s * LANES))
                    .intoArray(changes, s * LANES);
        }
    }

    /** Keeps the sub-blocks that changed in some lane, and forgets their changes. */
    private static int keepChanged(int[] active, int count, int[] changes) {
        int kept = 0;
        for (int k = 0; k < count; k++) {
            int at = active[k] * LANES;
            if (IntVector.fromArray(INT, changes, at).compare(NE, 0).anyTrue()) {
                active[kept++] = active[k];
            }
            IntVector.zero(INT).intoArray(changes, at);
        }
        return kept;
    }

    private static void scale(float[] sumsLx, float[] sumsL2, float[] maxima, int at, float[] scales) {
        FloatVector sumL2 = FloatVector.fromArray(FLOAT, sumsL2, at);
        VectorMask<Float> used = FloatVector.fromArray(FLOAT, maxima, at)
                .abs()
                .compare(GE, SymmetricScaleSearch.ZERO)
                .and(sumL2.compare(GT, 0f));
        FloatVector ratio = FloatVector.fromArray(FLOAT, sumsLx, at).div(sumL2);
        FloatVector.zero(FLOAT).blend(ratio, used).intoArray(scales, at);
    }
}
