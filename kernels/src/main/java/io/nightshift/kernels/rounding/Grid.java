package io.nightshift.kernels.rounding;

import java.util.Objects;

/**
 * The values that the weights of some rows may take: those of {@link Levels}, for each group of consecutive weights of a row
 * with a scale and an offset, which are fixed before the weights are rounded.
 *
 * @param levels the levels of all weights
 * @param rows number of rows
 * @param columns weights a row, whole groups
 * @param groupSize weights a group
 * @param scales row-major, {@code rows * columns / groupSize}; finite
 * @param offsets likewise
 */
public record Grid(Levels levels, int rows, int columns, int groupSize, float[] scales, float[] offsets) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if rows are not whole groups or an array's length is wrong
     */
    public Grid {
        if (groupSize < 1 || columns % groupSize != 0) {
            throw new IllegalArgumentException(
                    "rows of " + columns + " weights are not whole groups of " + groupSize);
        }
        int groups = Math.multiplyExact(rows, columns / groupSize);
        if (scales.length != groups || offsets.length != groups) {
            throw new IllegalArgumentException(rows + " rows of " + columns + " weights in groups of " + groupSize
                    + " need " + groups + " scales and offsets, not " + scales.length + " and " + offsets.length);
        }
    }

    /** Groups a row. */
    public int groups() {
        return columns / groupSize;
    }

    /**
     * The weights that levels stand for.
     *
     * @param chosen a level each weight, row-major
     * @param weights receives {@code rows * columns} weights, from {@code at}
     */
    public void dequantize(byte[] chosen, float[] weights, int at) {
        Objects.checkFromIndexSize(0, rows * columns, chosen.length);
        for (int i = 0; i < rows * columns; i++) {
            int group = i / groupSize;
            weights[at + i] = levels.number(chosen[i]) * scales[group] + offsets[group];
        }
    }
}
