package io.nightshift.jobs.rounding;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * What scales make of some rows of a tensor, so that the model computes the same. Arrays are not copied.
 *
 * @param columnScales what columns are multiplied by, for each expert that the rows belong to; null where they stay
 * @param rowsPerExpert rows of one expert; all rows of a tensor without experts
 * @param firstExpert the expert of the first scales
 * @param rowDivisors what rows are divided by, from {@code firstRow}; null where they stay
 * @param firstRow the row of the first divisor
 * @param elementDivisors what the elements of a norm or a bias are divided by; null where they stay
 */
public record RowFolding(List<float[]> columnScales, long rowsPerExpert, long firstExpert, float[] rowDivisors,
        long firstRow, float[] elementDivisors) implements Serializable {
    /** Rows stay as they are. */
    public static final RowFolding NONE = new RowFolding(List.of(), 1, 0, null, 0, null);

    /** Of the elements of a vector. */
    static RowFolding ofVector(float[] divisors) {
        return divisors == null ? NONE : new RowFolding(List.of(), 1, 0, null, 0, divisors);
    }

    /** Whether rows stay as they are. */
    public boolean isNone() {
        return rowDivisors == null && elementDivisors == null && columnScales.stream().allMatch(Objects::isNull);
    }

    /** What the columns of a row are multiplied by; null where they stay. */
    public float[] columnScales(long row) {
        return columnScales.isEmpty() ? null : columnScales.get(Math.toIntExact(row / rowsPerExpert - firstExpert));
    }

    /** What a row is divided by. */
    float rowDivisor(long row) {
        return rowDivisors == null ? 1 : rowDivisors[Math.toIntExact(row - firstRow)];
    }

    /**
     * Rows with scales folded in: divided first, since everything else follows from that.
     *
     * @param weights row-major from 0; they stay as they are
     * @param first number of the first row
     * @param rows of one expert
     * @return the same array where there is nothing to do, else one of {@code rows * columns} weights
     */
    public float[] apply(float[] weights, long first, int rows, int columns) {
        if (isNone()) {
            return weights;
        }
        float[] scales = columnScales(first);
        float[] folded = new float[rows * columns];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < columns; i++) {
                float weight = weights[row * columns + i];
                if (elementDivisors != null) {
                    weight /= elementDivisors[row * columns + i];
                }
                if (rowDivisors != null) {
                    weight /= rowDivisors[Math.toIntExact(first + row - firstRow)];
                }
                folded[row * columns + i] = scales == null ? weight : weight * scales[i];
            }
        }
        return folded;
    }

    /** The same for some rows of a layer without experts, which stand one behind the other. */
    public RowFolding ofRows(int[] rows) {
        if (isNone()) {
            return NONE;
        }
        float[] divisors = rowDivisors == null ? null : new float[rows.length];
        for (int i = 0; divisors != null && i < rows.length; i++) {
            divisors[i] = rowDivisor(rows[i]);
        }
        return new RowFolding(columnScales, rows.length, 0, divisors, 0, null);
    }

    /** Takes the scales of a row back: what a reader sees at the layer's output, in place. */
    void undo(float[] values, int at, int columns, long row) {
        float[] scales = columnScales(row);
        float divisor = rowDivisor(row);
        for (int i = 0; i < columns; i++) {
            float value = values[at + i];
            value = scales == null ? value : value / scales[i];
            values[at + i] = rowDivisors == null ? value : value * divisor;
        }
    }
}
