package io.nightshift.formats.awq;

import java.util.Arrays;

/**
 * Rows of a linear layer as integers: a weight is {@code (value - zero) * scale}. Arrays are not copied.
 *
 * @param rows number of rows, output features
 * @param columns weights a row, input features
 * @param groupSize columns that share a zero point and a scale
 * @param values [rows, columns], from 0 to 15
 * @param zeros [rows, groups], from 0 to 15
 * @param scales [rows, groups]
 */
public record QuantizedRows(int rows, int columns, int groupSize, byte[] values, byte[] zeros, float[] scales) {
    /** @throws IllegalArgumentException if groups do not divide a row or the arrays have other sizes */
    public QuantizedRows {
        if (groupSize < 1 || columns % groupSize != 0
                || values.length != (long) rows * columns
                || zeros.length != (long) rows * (columns / groupSize)
                || scales.length != zeros.length) {
            throw new IllegalArgumentException(rows + " rows of " + columns + " weights in groups of " + groupSize
                    + " do not go with " + values.length + " values, " + zeros.length + " zero points and "
                    + scales.length + " scales");
        }
    }

    /**
     * Rows of signed integers, which have no zero points.
     *
     * @param levels [rows, columns], from -8 to 7
     */
    public static QuantizedRows symmetric(int rows, int columns, int groupSize, byte[] levels, float[] scales) {
        byte[] values = new byte[levels.length];
        for (int i = 0; i < levels.length; i++) {
            values[i] = (byte) (levels[i] + AwqOptions.SYMMETRIC_ZERO);
        }
        byte[] zeros = new byte[scales.length];
        Arrays.fill(zeros, (byte) AwqOptions.SYMMETRIC_ZERO);
        return new QuantizedRows(rows, columns, groupSize, values, zeros, scales);
    }

    /** Rows [from, to), copied. */
    QuantizedRows rows(int from, int to) {
        int groups = groups();
        return new QuantizedRows(to - from, columns, groupSize, Arrays.copyOfRange(values, from * columns, to * columns),
                Arrays.copyOfRange(zeros, from * groups, to * groups), Arrays.copyOfRange(scales, from * groups, to * groups));
    }

    /** Groups a row. */
    public int groups() {
        return columns / groupSize;
    }
}
