package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Tries scales for a sub-block whose weights are rounded to points of a lattice (ggml-quants.c, the loop over {@code
 * is} of quantize_row_iq2_xxs_impl and its siblings). A candidate scale a lane.
 *
 * <p>Most neighbouring candidates round a group of weights to the same code and so look through the same list of
 * points: the list is walked once for all of them. A weight's share in a distance depends on its level only, so it is
 * worked out once a level and lane; a distance is their sum in the order of the weights.
 */
final class ScaleCandidates {
    private static final int LANES = Lanes.COUNT;

    private final Lattice lattice;
    private final int groups;
    private final int count;

    /** Candidates, and repetitions of the last up to whole vectors. */
    private final int padded;

    private final float[] numerators;
    private final float[] inverses;
    private final float[] scales;
    private final float[] sumsXQ;
    private final float[] sumsQ2;

    /** The codes that rounding gives, then those of the points: candidate c of group k at {@code k * padded + c}. */
    private final int[] rounded;

    private final int[] nearest;

    /** Negative for candidates of which a group has no nearest point. */
    private final int[] missing;

    private final float[] terms;

    /** The candidate chosen, or -1. */
    private int best;

    /**
     * @param lattice the points
     * @param length weights a sub-block
     * @param steps candidates on either side of the middle one
     * @param step what the numerators of two candidates differ by
     */
    ScaleCandidates(Lattice lattice, int length, int steps, float step) {
        this.lattice = lattice;
        groups = length / lattice.dimensions();
        count = 2 * steps + 1;
        padded = (count + LANES - 1) / LANES * LANES;
        numerators = new float[padded];
        for (int i = 0; i < padded; i++) {
            numerators[i] = 2 * lattice.levels() - 1 + (Math.min(i, count - 1) - steps) * step;
        }
        inverses = new float[padded];
        scales = new float[padded];
        sumsXQ = new float[padded];
        sumsQ2 = new float[padded];
        rounded = new int[groups * padded];
        nearest = new int[groups * padded];
        missing = new int[padded];
        terms = new float[(lattice.dimensions() << lattice.bits()) * LANES];
    }

    /**
     * Chooses the candidate with the least weighted squared error.
     *
     * @param x the weights' magnitudes, from {@code at}; those that change sign are negative
     * @param w the weights of their squared errors, likewise
     * @param roots the roots of those, likewise
     * @param unit what the numerators are divided by
     * @param otherwise what is returned where no candidate is better than nothing
     * @return the scale that fits the levels of the chosen candidate best
     */
    float choose(float[] x, float[] w, float[] roots, int at, float unit, float otherwise) {
        for (int first = 0; first < padded; first += LANES) {
            begin(numerators, unit, inverses, scales, sumsXQ, sumsQ2, missing, first);
            for (int k = 0; k < groups; k++) {
                tryGroup(x, w, roots, at + k * lattice.dimensions(), first, k * padded + first);
            }
        }
        float scale = otherwise;
        float leastGain = 0;
        best = -1;
        for (int c = 0; c < count; c++) {
            if (missing[c] < 0) {
                throw NearestPoint.tooLarge();
            }
            float sumXQ = sumsXQ[c];
            float sumQ2 = sumsQ2[c];
            if (sumQ2 > 0 && sumXQ * sumXQ > leastGain * sumQ2) {
                scale = sumXQ / sumQ2;
                leastGain = scale * sumXQ;
                best = c;
            }
        }
        return scale;
    }

    /** Whether any candidate was chosen. */
    boolean chosen() {
        return best >= 0;
    }

    /** The code of a group's point for the chosen candidate. */
    int code(int group) {
        return nearest[group * padded + best];
    }

    /** Whether rounding to the chosen candidate gave that point without a search. */
    boolean onGrid(int group) {
        return nearest[group * padded + best] == rounded[group * padded + best];
    }

    private void tryGroup(float[] x, float[] w, float[] roots, int at, int first, int to) {
        boolean eight = lattice.dimensions() == 8;
        if (eight) {
            roundEight(x, at, inverses, first, rounded, nearest, to);
        } else {
            roundFour(x, at, inverses, first, rounded, nearest, to);
        }
        searchRuns(x, roots, at, first, to, eight);
        if (eight) {
            sumEight(x, w, at, nearest, to, sumsXQ, sumsQ2, missing, first);
        } else {
            sumFour(x, w, at, nearest, to, sumsXQ, sumsQ2, missing, first);
        }
    }

    /** Walks the list of each run of equal codes. */
    private void searchRuns(float[] x, float[] roots, int at, int first, int to, boolean eight) {
        int[] lists = lattice.lists();
        boolean tabulated = false;
        int lane = 0;
        while (lane < LANES) {
            int code = rounded[to + lane];
            lane++;
            while (lane < LANES && rounded[to + lane] == code) {
                lane++;
            }
            int list = lists[code];
            if (list == 0) {
                continue;
            }
            if (!tabulated) {
                tabulated = true;
                if (eight) {
                    tabulate(x, roots, at, 8, 2, 3, scales, first, terms);
                } else {
                    tabulate(x, roots, at, 4, 3, 8, scales, first, terms);
                }
            }
            int from = Lattice.first(list);
            int end = from + Lattice.length(list);
            if (eight) {
                scanEight(terms, lattice.neighbours(), from, end, code, nearest, to);
            } else {
                scanFour(terms, lattice.neighbours(), from, end, code, nearest, to);
            }
        }
    }

    private static void begin(
            float[] numerators,
            float unit,
            float[] inverses,
            float[] scales,
            float[] sumsXQ,
            float[] sumsQ2,
            int[] missing,
            int first) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, numerators, first).div(unit);
        inverse.intoArray(inverses, first);
        FloatVector.broadcast(Lanes.FLOAT, 1f).div(inverse).intoArray(scales, first);
        FloatVector zero = FloatVector.zero(Lanes.FLOAT);
        zero.intoArray(sumsXQ, first);
        zero.intoArray(sumsQ2, first);
        IntVector.zero(Lanes.INT).intoArray(missing, first);
    }

    private static void roundEight(
            float[] x, int at, float[] inverses, int first, int[] rounded, int[] nearest, int to) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, inverses, first);
        IntVector code = level(inverse, x[at], 2);
        for (int i = 1; i < 8; i++) {
            code = code.or(level(inverse, x[at + i], 2).lanewise(LSHL, IntVector.broadcast(Lanes.INT, 2 * i)));
        }
        code.intoArray(rounded, to);
        code.intoArray(nearest, to);
    }

    private static void roundFour(
            float[] x, int at, float[] inverses, int first, int[] rounded, int[] nearest, int to) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, inverses, first);
        IntVector code = level(inverse, x[at], 7);
        for (int i = 1; i < 4; i++) {
            code = code.or(level(inverse, x[at + i], 7).lanewise(LSHL, IntVector.broadcast(Lanes.INT, 3 * i)));
        }
        code.intoArray(rounded, to);
        code.intoArray(nearest, to);
    }

    private static IntVector level(FloatVector inverse, float x, int highest) {
        return NearestInt.of(inverse.mul(x).sub(1f).mul(0.5f)).max(0).min(highest);
    }

    /** The share of each weight in a distance, for each of its levels. */
    private static void tabulate(
            float[] x,
            float[] roots,
            int at,
            int dimensions,
            int bits,
            int levels,
            float[] scales,
            int first,
            float[] terms) {
        FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, first);
        for (int level = 0; level < levels; level++) {
            FloatVector value = scale.mul(2 * level + 1);
            for (int i = 0; i < dimensions; i++) {
                FloatVector difference = value.sub(x[at + i]);
                difference.mul(roots[at + i]).mul(difference).intoArray(terms, ((i << bits) + level) * LANES);
            }
        }
    }

    /** Puts the nearest point of a list where a code was rounded to, -1 if there is none. */
    private static void scanEight(
            float[] terms, char[] neighbours, int from, int end, int code, int[] nearest, int to) {
        IntVector least = IntVector.broadcast(Lanes.INT, NearestPoint.LARGEST);
        IntVector point = IntVector.broadcast(Lanes.INT, -1);
        for (int j = from; j < end; j++) {
            int neighbour = neighbours[j];
            FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, terms, (neighbour & 3) * LANES)
                    .add(term(terms, 4 + (neighbour >>> 2 & 3)))
                    .add(term(terms, 8 + (neighbour >>> 4 & 3)))
                    .add(term(terms, 12 + (neighbour >>> 6 & 3)))
                    .add(term(terms, 16 + (neighbour >>> 8 & 3)))
                    .add(term(terms, 20 + (neighbour >>> 10 & 3)))
                    .add(term(terms, 24 + (neighbour >>> 12 & 3)))
                    .add(term(terms, 28 + (neighbour >>> 14)));
            IntVector bits = sum.reinterpretAsInts().and(Integer.MAX_VALUE);
            VectorMask<Integer> less = bits.compare(LT, least);
            least = least.min(bits);
            point = point.blend(neighbour, less);
        }
        put(point, code, nearest, to);
    }

    private static void scanFour(
            float[] terms, char[] neighbours, int from, int end, int code, int[] nearest, int to) {
        IntVector least = IntVector.broadcast(Lanes.INT, NearestPoint.LARGEST);
        IntVector point = IntVector.broadcast(Lanes.INT, -1);
        for (int j = from; j < end; j++) {
            int neighbour = neighbours[j];
            FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, terms, (neighbour & 7) * LANES)
                    .add(term(terms, 8 + (neighbour >>> 3 & 7)))
                    .add(term(terms, 16 + (neighbour >>> 6 & 7)))
                    .add(term(terms, 24 + (neighbour >>> 9)));
            IntVector bits = sum.reinterpretAsInts().and(Integer.MAX_VALUE);
            VectorMask<Integer> less = bits.compare(LT, least);
            least = least.min(bits);
            point = point.blend(neighbour, less);
        }
        put(point, code, nearest, to);
    }

    private static FloatVector term(float[] terms, int index) {
        return FloatVector.fromArray(Lanes.FLOAT, terms, index * LANES);
    }

    // Lanes whose point is put already do not have this code: it is none of a point.
    private static void put(IntVector point, int code, int[] nearest, int to) {
        IntVector codes = IntVector.fromArray(Lanes.INT, nearest, to);
        codes.blend(point, codes.compare(EQ, code)).intoArray(nearest, to);
    }

    private static void sumEight(
            float[] x,
            float[] w,
            int at,
            int[] nearest,
            int to,
            float[] sumsXQ,
            float[] sumsQ2,
            int[] missing,
            int first) {
        IntVector codes = IntVector.fromArray(Lanes.INT, nearest, to);
        codes.or(IntVector.fromArray(Lanes.INT, missing, first)).intoArray(missing, first);
        IntVector twice = codes.lanewise(LSHL, 1);
        FloatVector sumXQ = FloatVector.fromArray(Lanes.FLOAT, sumsXQ, first);
        FloatVector sumQ2 = FloatVector.fromArray(Lanes.FLOAT, sumsQ2, first);
        for (int i = 0; i < 8; i++) {
            IntVector shifted = twice.lanewise(LSHR, IntVector.broadcast(Lanes.INT, 2 * i));
            FloatVector q = (FloatVector) shifted.and(6).or(1).convert(I2F, 0);
            sumXQ = sumXQ.add(q.mul(w[at + i] * x[at + i]));
            sumQ2 = sumQ2.add(q.mul(w[at + i]).mul(q));
        }
        sumXQ.intoArray(sumsXQ, first);
        sumQ2.intoArray(sumsQ2, first);
    }

    private static void sumFour(
            float[] x,
            float[] w,
            int at,
            int[] nearest,
            int to,
            float[] sumsXQ,
            float[] sumsQ2,
            int[] missing,
            int first) {
        IntVector codes = IntVector.fromArray(Lanes.INT, nearest, to);
        codes.or(IntVector.fromArray(Lanes.INT, missing, first)).intoArray(missing, first);
        IntVector twice = codes.lanewise(LSHL, 1);
        FloatVector sumXQ = FloatVector.fromArray(Lanes.FLOAT, sumsXQ, first);
        FloatVector sumQ2 = FloatVector.fromArray(Lanes.FLOAT, sumsQ2, first);
        for (int i = 0; i < 4; i++) {
            IntVector shifted = twice.lanewise(LSHR, IntVector.broadcast(Lanes.INT, 3 * i));
            FloatVector q = (FloatVector) shifted.and(14).or(1).convert(I2F, 0);
            sumXQ = sumXQ.add(q.mul(w[at + i] * x[at + i]));
            sumQ2 = sumQ2.add(q.mul(w[at + i]).mul(q));
        }
        sumXQ.intoArray(sumsXQ, first);
        sumQ2.intoArray(sumsQ2, first);
    }
}
