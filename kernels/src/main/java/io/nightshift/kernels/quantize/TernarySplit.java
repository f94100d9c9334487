package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Splits the weights of sub-blocks, in ascending order, into three runs that get the levels 0, 1 and 2, with the least
 * weighted squared error over all splits and shifts (ggml-quants.c, the search of quantize_row_iq1_s_impl and
 * quantize_row_iq1_m_impl). A sub-block a lane: element i of lane j stands at {@code i * Lanes.COUNT + j}.
 *
 * <p>Levels stand for -1, 0 and 1 plus a shift of 1/8 or minus 1/8.
 */
abstract sealed class TernarySplit permits OneShiftSplit, TwoShiftSplit {
    static final int LANES = Lanes.COUNT;

    /** The values of the three levels shifted up. */
    private static final float[] UP = {-0.875f, 0.125f, 1.125f};

    /** The values of the three levels shifted down. */
    private static final float[] DOWN = {-1.125f, -0.125f, 0.875f};

    // Splits that are tried first, since most others can be left out once a good one is known; in sixteenths.
    private static final int LIKELY_START = 3;
    private static final int LIKELY_END = 9;
    private static final int LIKELY = 5;

    // Rows of `state`.
    static final int BEST = 0;
    static final int SCALE = LANES;
    static final int CHOICE = 2 * LANES;
    private static final int LARGEST = 3 * LANES;
    // Of a split: the sum of weights times levels, each by what its error weighs, and that of squared levels.
    static final int X = 4 * LANES;
    static final int W = 5 * LANES;
    private static final int STATE = 6 * LANES;

    /** Weights a sub-block. */
    final int length;

    private final float smallest;
    private final float[] x;
    private final float[] w;
    private final int[] ranks;
    private final int[] starts = new int[2 * LANES];
    private final int[] flips = new int[LANES];
    private final int[] codes;

    /** The best gain so far, its scale and its choice, -1 for none; and the split that is held against it. */
    final float[] state = new float[STATE];

    /** The scale of each lane's sub-block, 0 for one that has no split; never negative. */
    final float[] scales = new float[LANES];

    /**
     * The shifts of the first eight weights and of the others: up and up (0), up and down, down and up, down and down.
     */
    final int[] shifts = new int[LANES];

    TernarySplit(int length, float smallest) {
        this.length = length;
        this.smallest = smallest;
        x = new float[length * LANES];
        w = new float[length * LANES];
        ranks = new int[length * LANES];
        codes = new int[length / 8 * LANES];
    }

    /** The values of a group's levels under a shift, at a scale of 1. */
    static float[] values(int shift, int group) {
        return (group == 0 ? shift >> 1 : shift & 1) == 0 ? UP : DOWN;
    }

    /** Searches as many sub-blocks as there are lanes, one behind the other in the arrays. */
    final void search(float[] weights, float[] errorWeights, int first) {
        for (int lane = 0; lane < LANES; lane++) {
            for (int i = 0; i < length; i++) {
                x[i * LANES + lane] = weights[first + lane * length + i];
                w[i * LANES + lane] = errorWeights[first + lane * length + i];
            }
        }
        findLargest(x, length, state);
        rank(x, length, ranks);
        sort(x, w, ranks);
        FloatVector.broadcast(Lanes.FLOAT, -Float.MAX_VALUE).intoArray(state, BEST);
        int stride = length / 16;
        for (int start = LIKELY_START * stride; start < (LIKELY_START + LIKELY) * stride; start += stride) {
            split(start, LIKELY_END * stride, (LIKELY_END + LIKELY - 1) * stride, stride);
        }
        for (int lane = 0; lane < LANES; lane++) {
            state[BEST + lane] = slightlyLess(state[BEST + lane], state[SCALE + lane]);
        }
        FloatVector.broadcast(Lanes.FLOAT, -1f).intoArray(state, CHOICE);
        for (int start = 0; start <= length; start++) {
            split(start, start, length, 1);
        }
        for (int lane = 0; lane < LANES; lane++) {
            take(lane, (int) state[CHOICE + lane], state[SCALE + lane]);
        }
        encode(ranks, length, starts, flips, codes);
    }

    /** Whether a lane's sub-block has a split: not if it is nothing but zeros. */
    final boolean found(int lane) {
        return state[CHOICE + lane] >= 0 && !(state[LARGEST + lane] < smallest);
    }

    /** The code of a group of eight weights. */
    final int code(int group, int lane) {
        return codes[group * LANES + lane];
    }

    /** Puts error weights, and weights times those, into the order of the ranks, and sums them up. */
    abstract void sort(float[] x, float[] w, int[] ranks);

    /**
     * Tries splits whose run of level 1 begins at a rank and ends between two others, a stride from each other. The loop
     * over them calls nothing with vectors but the Vector API: it is large enough for the JIT to leave others as calls,
     * with vectors as objects.
     */
    abstract void split(int start, int first, int last, int stride);

    /**
     * The gain that the search may begin with, given the best of some splits: what is found is among those that are better
     * than this, and the others, tried before them or between them, have no say. It is less by far more than the errors of
     * gains; where a float does not hold them well, it is less than any.
     */
    private static float slightlyLess(float gain, float scale) {
        float product = gain / scale;
        float square = product * product;
        float denominator = product / scale;
        boolean exact = isMedium(gain) && isMedium(square) && isMedium(denominator);
        return exact ? gain * 0.999f : -Float.MAX_VALUE;
    }

    private static boolean isMedium(float value) {
        return value > 1e-30f && value < 1e30f;
    }

    /** The shifts that a choice stands for. */
    abstract int shifts(int choice);

    /**
     * Keeps the split of {@link #X} and {@link #W} in the lanes where it is better than what they have. Once a good one is
     * known, few are. Vectors stand in memory, as JDK 17 makes objects of those that only some steps of a loop change.
     */
    static void keepBetter(int number, float[] state) {
        FloatVector x = FloatVector.fromArray(Lanes.FLOAT, state, X);
        FloatVector w = FloatVector.fromArray(Lanes.FLOAT, state, W);
        FloatVector best = FloatVector.fromArray(Lanes.FLOAT, state, BEST);
        VectorMask<Float> better = x.mul(x).compare(GT, best.mul(w)).and(w.compare(GT, 0f));
        FloatVector scale = x.div(w);
        best.blend(scale.mul(x), better).intoArray(state, BEST);
        FloatVector.fromArray(Lanes.FLOAT, state, SCALE).blend(scale, better).intoArray(state, SCALE);
        FloatVector.fromArray(Lanes.FLOAT, state, CHOICE).blend((float) number, better).intoArray(state, CHOICE);
    }

    /** The number of a split with the first of {@code variants} shifts; the others follow it. */
    static int choice(int start, int end, int length, int variants) {
        return (start * (length + 1) + end) * variants;
    }

    /** How many shifts there are to choose from. */
    abstract int variants();

    private void take(int lane, int choice, float scale) {
        boolean negative = choice >= 0 && scale < 0;
        int split = Math.max(choice, 0) / variants();
        starts[lane] = split / (length + 1);
        starts[LANES + lane] = split % (length + 1);
        flips[lane] = negative ? -1 : 0;
        int shift = choice < 0 ? 0 : shifts(choice % variants());
        shifts[lane] = negative ? 3 - shift : shift;
        scales[lane] = choice < 0 ? 0 : negative ? -scale : scale;
    }

    private static void findLargest(float[] x, int length, float[] state) {
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < length * LANES; i += LANES) {
            largest = largest.max(FloatVector.fromArray(Lanes.FLOAT, x, i).abs());
        }
        largest.intoArray(state, LARGEST);
    }

    /**
     * How many weights of a sub-block stand before each: those that are less, and of equals those with a lower index.
     */
    private static void rank(float[] x, int length, int[] ranks) {
        for (int later = 0; later < length * LANES; later += LANES) {
            rankOne(x, later, ranks);
        }
    }

    private static void rankOne(float[] x, int later, int[] ranks) {
        // Adding zero leaves no difference between the two zeros.
        FloatVector xLater = FloatVector.fromArray(Lanes.FLOAT, x, later).add(0f);
        IntVector rank = IntVector.broadcast(Lanes.INT, later / LANES);
        for (int earlier = 0; earlier < later; earlier += LANES) {
            FloatVector difference = xLater.sub(FloatVector.fromArray(Lanes.FLOAT, x, earlier).add(0f));
            IntVector less = difference.reinterpretAsInts().lanewise(ASHR, 31);
            rank = rank.add(less);
            IntVector.fromArray(Lanes.INT, ranks, earlier).sub(less).intoArray(ranks, earlier);
        }
        rank.intoArray(ranks, later);
    }

    /** The codes: a level is 2 less one for each of the two boundaries that lie behind the rank. */
    private static void encode(int[] ranks, int length, int[] starts, int[] flips, int[] codes) {
        IntVector first = IntVector.fromArray(Lanes.INT, starts, 0);
        IntVector second = IntVector.fromArray(Lanes.INT, starts, LANES);
        IntVector flip = IntVector.fromArray(Lanes.INT, flips, 0);
        for (int group = 0; group < length; group += 8) {
            IntVector code = IntVector.zero(Lanes.INT);
            for (int i = 7; i >= 0; i--) {
                IntVector rank = IntVector.fromArray(Lanes.INT, ranks, (group + i) * LANES);
                IntVector below =
                        rank.sub(first).lanewise(ASHR, 31).add(rank.sub(second).lanewise(ASHR, 31));
                // Level 2 + below, or where flipped, 2 less that.
                IntVector level = below.add(2);
                IntVector turned = below.neg();
                code = code.lanewise(LSHL, 2).or(level.and(flip.not()).or(turned.and(flip)));
            }
            code.intoArray(codes, group / 8 * LANES);
        }
    }
}
