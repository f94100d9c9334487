package io.nightshift.jobs.rounding;

import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.ErrorFeedback;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.Grid;

/** Rounds a block of a linear layer's rows: pure functions of the rows, the scales, the factor and the grid. */
public final class RowRounding {
    private RowRounding() {}

    /**
     * Rows divided by what the layer's rows are divided by, in place: first of all, everything else follows from it.
     *
     * @param divisors one a row of the layer; null where rows stay
     * @param first number of the first row
     */
    public static void divide(float[] weights, int first, int rows, int columns, float[] divisors) {
        if (divisors == null) {
            return;
        }
        for (int row = 0; row < rows; row++) {
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                weights[i] /= divisors[first + row];
            }
        }
    }

    /**
     * Rows times the scales of their columns: what grids are chosen for.
     *
     * @param scales one a column; null gives the rows themselves
     */
    public static float[] scaled(float[] weights, int columns, float[] scales) {
        if (scales == null) {
            return weights;
        }
        float[] scaled = new float[weights.length];
        for (int at = 0; at < weights.length; at += columns) {
            for (int i = 0; i < columns; i++) {
                scaled[at + i] = weights[at + i] * scales[i];
            }
        }
        return scaled;
    }

    /**
     * The level of each weight.
     *
     * @param factor of the scaled input; null to round to nearest
     * @param scaled rows, as many as the grid's
     */
    public static byte[] levels(FeedbackFactor factor, float[] scaled, Grid grid, Workers workers) {
        byte[] levels = new byte[scaled.length];
        if (factor == null) {
            grid.nearest(scaled, 0, levels);
        } else {
            ErrorFeedback.round(factor, scaled, 0, grid, levels, workers);
        }
        return levels;
    }

    /**
     * The loss of rows that became others, summed over rows in their order.
     *
     * @param weights not scaled
     * @param rounded what a reader will see: of the scaled weights
     * @param scales one a column; null where there are none
     */
    public static double loss(
            GramLoss loss, float[] weights, float[] rounded, int rows, int columns, float[] scales, Workers workers) {
        float[] changes = new float[rows * columns];
        for (int at = 0; at < changes.length; at += columns) {
            for (int i = 0; i < columns; i++) {
                float back = scales == null ? rounded[at + i] : rounded[at + i] / scales[i];
                changes[at + i] = back - weights[at + i];
            }
        }
        return sum(loss.ofRows(changes, 0, rows, workers));
    }

    /** What rows give: tr(W·H·Wᵀ), which losses are to be compared with. */
    public static double signal(GramLoss loss, float[] weights, int rows, Workers workers) {
        return sum(loss.ofRows(weights, 0, rows, workers));
    }

    private static double sum(double[] ofRows) {
        double sum = 0;
        for (double row : ofRows) {
            sum += row;
        }
        return sum;
    }
}
