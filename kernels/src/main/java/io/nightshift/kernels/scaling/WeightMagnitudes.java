package io.nightshift.kernels.scaling;

import java.util.Objects;

/**
 * How large a column's weights are beside the others of their groups: the mean, over the rows of all linear layers with one
 * input, of |w| over the largest |w| of the group (AutoAWQ's {@code w_mean} in {@code _search_best_scale}).
 */
public final class WeightMagnitudes {
    /** Keeps a group of zeros finite. */
    private static final float LEAST = 1e-6f;

    private final int groupSize;
    private final double[] sums;
    private long rows;

    /**
     * No rows yet.
     *
     * @param columns weights a row
     * @param groupSize weights a group; rows must be whole groups
     * @throws IllegalArgumentException if they are not
     */
    public WeightMagnitudes(int columns, int groupSize) {
        if (groupSize < 1 || columns % groupSize != 0) {
            throw new IllegalArgumentException(
                    "rows of " + columns + " weights are not whole groups of " + groupSize);
        }
        this.groupSize = groupSize;
        this.sums = new double[columns];
    }

    /**
     * Adds rows, one after another: their order counts in the last bits.
     *
     * @param weights row-major, from {@code at}; finite
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public void add(float[] weights, int at, int count) {
        Objects.checkFromIndexSize(at, Math.multiplyExact(count, sums.length), weights.length);
        for (int first = 0; first < count * sums.length; first += groupSize) {
            addGroup(weights, at + first, first % sums.length);
        }
        rows += count;
    }

    private void addGroup(float[] weights, int at, int column) {
        float largest = 0;
        for (int i = 0; i < groupSize; i++) {
            largest = Math.max(largest, Math.abs(weights[at + i]));
        }
        for (int i = 0; i < groupSize; i++) {
            sums[column + i] += Math.abs(weights[at + i]) / (largest + LEAST);
        }
    }

    /** The mean of each column: 0 to 1. */
    public double[] means() {
        double[] means = new double[sums.length];
        for (int i = 0; i < means.length; i++) {
            means[i] = rows == 0 ? 0 : sums[i] / rows;
        }
        return means;
    }
}
