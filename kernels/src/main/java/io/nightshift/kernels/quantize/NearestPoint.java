package io.nightshift.kernels.quantize;

/**
 * The point of a lattice nearest to a few weights at one scale (ggml-quants.c, iq2_find_best_neighbour,
 * iq3_find_best_neighbour and iq1_find_best_neighbour2).
 *
 * <p>A weight's share in the weighted squared distance depends on its level only, so it is worked out once a level;
 * every distance is then their sum in the order of the weights.
 */
final class NearestPoint {
    /** The bits of the largest float: those of floats that are not negative have the floats' order. */
    static final int LARGEST = Float.floatToRawIntBits(Float.MAX_VALUE);

    private final Lattice lattice;
    private final float[] terms;

    NearestPoint(Lattice lattice) {
        this.lattice = lattice;
        terms = new float[lattice.dimensions() << lattice.bits()];
    }

    /**
     * Finds the nearest point among the neighbours of a code.
     *
     * @param code the code; one of a point is its own answer
     * @param x the weights, from {@code at}
     * @param w the weights of their squared errors, likewise
     * @param scale the scale
     * @param values what each level stands for at a scale of 1
     * @return the code of the point
     * @throws IllegalArgumentException if the distances are beyond what a float holds (ggml aborts there)
     */
    int find(int code, float[] x, float[] w, int at, float scale, float[] values) {
        int list = lattice.lists()[code];
        if (list == 0) {
            return code;
        }
        tabulate(x, w, at, scale, values, lattice.dimensions(), lattice.bits(), lattice.levels(), terms);
        if (lattice.levels() == 3 && isNearest(code, terms)) {
            list = lattice.shortLists()[code];
        }
        int first = Lattice.first(list);
        int end = first + Lattice.length(list);
        int nearest = lattice.dimensions() == 8
                ? scanEight(lattice.neighbours(), first, end, terms)
                : scanFour(lattice.neighbours(), first, end, terms);
        if (nearest < 0) {
            throw tooLarge();
        }
        return nearest;
    }

    /** The refusal of weights whose squared errors are beyond what a float holds. */
    static IllegalArgumentException tooLarge() {
        return new IllegalArgumentException(
                "weights or their importance are too large: squared errors are infinite as floats");
    }

    private static void tabulate(
            float[] x,
            float[] w,
            int at,
            float scale,
            float[] values,
            int dimensions,
            int bits,
            int levels,
            float[] terms) {
        for (int level = 0; level < levels; level++) {
            float value = scale * values[level];
            for (int i = 0; i < dimensions; i++) {
                float difference = value - x[at + i];
                terms[i << bits | level] = w[at + i] * difference * difference;
            }
        }
    }

    /** Whether no share of three shrinks with the steps from a code's levels. */
    private static boolean isNearest(int code, float[] terms) {
        boolean nearest = true;
        for (int i = 0; i < 8; i++) {
            int row = 4 * i;
            int level = code >>> 2 * i & 3;
            float middle = terms[row + 1];
            // Level 0 asks for level 2 twice, level 2 for level 0, and level 1 for both.
            nearest &= terms[row + level] <= middle
                    & middle <= terms[row + (2 - level & 2)]
                    & middle <= terms[row + 2 - (level & 2)];
        }
        return nearest;
    }

    private static int scanEight(char[] neighbours, int first, int end, float[] terms) {
        long least = (long) LARGEST << 32;
        for (int j = first; j < end; j++) {
            int code = neighbours[j];
            float sum = terms[code & 3]
                    + terms[4 | code >>> 2 & 3]
                    + terms[8 | code >>> 4 & 3]
                    + terms[12 | code >>> 6 & 3]
                    + terms[16 | code >>> 8 & 3]
                    + terms[20 | code >>> 10 & 3]
                    + terms[24 | code >>> 12 & 3]
                    + terms[28 | code >>> 14];
            least = Math.min(least, rank(sum, j));
        }
        return point(least, neighbours);
    }

    private static int scanFour(char[] neighbours, int first, int end, float[] terms) {
        long least = (long) LARGEST << 32;
        for (int j = first; j < end; j++) {
            int code = neighbours[j];
            float sum = terms[code & 7]
                    + terms[8 | code >>> 3 & 7]
                    + terms[16 | code >>> 6 & 7]
                    + terms[24 | code >>> 9];
            least = Math.min(least, rank(sum, j));
        }
        return point(least, neighbours);
    }

    /** The bits of a distance, then the place: the least of these is the first of the nearest. NaN ranks last. */
    private static long rank(float distance, int place) {
        return (long) (Float.floatToRawIntBits(distance) & Integer.MAX_VALUE) << 32 | place;
    }

    /** The point of a rank, -1 if its distance is beyond what a float holds. */
    private static int point(long rank, char[] neighbours) {
        return rank >>> 32 < LARGEST ? neighbours[(int) rank] : -1;
    }
}
