package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import java.util.Arrays;
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
     * Chooses the nearest level for each weight.
     *
     * @param weights row-major, {@code rows * columns} from {@code at}; finite
     * @param chosen receives a level each weight, row-major, from 0
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public void nearest(float[] weights, int at, byte[] chosen) {
        Objects.checkFromIndexSize(0, Math.multiplyExact(rows, columns), chosen.length);
        int padded = Lanes.FLOAT.loopBound(groupSize + Lanes.COUNT - 1);
        float[] group = new float[padded];
        float[] groupScales = new float[padded];
        float[] groupOffsets = new float[padded];
        float[] values = new float[padded];
        int[] found = new int[padded];
        for (int i = 0; i < scales.length; i++) {
            System.arraycopy(weights, at + i * groupSize, group, 0, groupSize);
            Arrays.fill(groupScales, scales[i]);
            Arrays.fill(groupOffsets, offsets[i]);
            levels.round(group, 0, padded, groupScales, groupOffsets, 0, found, values);
            for (int k = 0; k < groupSize; k++) {
                chosen[i * groupSize + k] = (byte) found[k];
            }
        }
    }

    /**
     * The weights that levels stand for.
     *
     * @param chosen a level each weight, row-major
     * @param weights receives {@code rows * columns} weights, from {@code at}
     * @throws IndexOutOfBoundsException if an array is too short, or there is no such level
     */
    public void dequantize(byte[] chosen, float[] weights, int at) {
        float[] numbers = new float[levels.largest() - levels.least() + 1];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = levels.number(levels.least() + i);
        }
        Objects.checkFromIndexSize(0, Math.multiplyExact(rows, columns), chosen.length);
        for (int group = 0; group < scales.length; group++) {
            for (int i = group * groupSize; i < (group + 1) * groupSize; i++) {
                weights[at + i] = numbers[chosen[i] - levels.least()] * scales[group] + offsets[group];
            }
        }
    }
}
