package io.nightshift.kernels.scaling;

import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.parallel.Workers;
import java.util.List;

/**
 * What scaling the input channels of linear layers costs or saves: for the change D = Q(W·s)/s - W of rounding W·s to
 * nearest, tr(D·H·Dᵀ), summed over rows in their order.
 */
public final class ScaleLoss {
    /** Rows a piece of work. */
    private static final int ROWS = 64;

    private final GramLoss gram;
    private final float[] diagonal;

    /**
     * Losses in the metric of H.
     *
     * @param gram H
     * @param diagonal H's diagonal
     * @throws IllegalArgumentException if the lengths differ
     */
    public ScaleLoss(GramLoss gram, float[] diagonal) {
        if (gram.channels() != diagonal.length) {
            throw new IllegalArgumentException(
                    "a diagonal of " + diagonal.length + " for a Gram matrix of " + gram.channels() + " channels");
        }
        this.gram = gram;
        this.diagonal = diagonal;
    }

    /**
     * The loss of linear layers with one input.
     *
     * @param scales positive, one a channel
     * @throws IllegalArgumentException if a layer's columns are not the Gram matrix's channels
     */
    public double of(List<ScaledLinear> linears, float[] scales, Workers workers) {
        double loss = 0;
        for (ScaledLinear linear : linears) {
            loss += of(linear, scales, workers);
        }
        return loss;
    }

    /** The loss of one linear layer. */
    public double of(ScaledLinear linear, float[] scales, Workers workers) {
        double loss = 0;
        for (double ofRow : ofRows(linear, scales, workers)) {
            loss += ofRow;
        }
        return loss;
    }

    /** The loss of each row of a linear layer. */
    public double[] ofRows(ScaledLinear linear, float[] scales, Workers workers) {
        int columns = linear.columns();
        if (columns != diagonal.length || scales.length != columns) {
            throw new IllegalArgumentException("rows of " + columns + " weights, " + scales.length + " scales and "
                    + diagonal.length + " channels of statistics do not belong together");
        }
        float[] importance = importance(scales);
        float[] changes = new float[linear.rows() * columns];
        workers.run((linear.rows() + ROWS - 1) / ROWS, piece -> {
            int first = piece * ROWS;
            change(linear, first, Math.min(ROWS, linear.rows() - first), scales, importance, changes);
        });
        return gram.ofRows(changes, 0, linear.rows(), workers);
    }

    /** The sums of squares of the scaled inputs. */
    private float[] importance(float[] scales) {
        float[] importance = new float[scales.length];
        for (int i = 0; i < scales.length; i++) {
            importance[i] = diagonal[i] / (scales[i] * scales[i]);
        }
        return importance;
    }

    private static void change(
            ScaledLinear linear, int first, int rows, float[] scales, float[] importance, float[] changes) {
        int columns = linear.columns();
        float[] weights = linear.weights();
        float[] scaled = new float[rows * columns];
        float[] rounded = new float[rows * columns];
        int at = first * columns;
        for (int row = 0; row < rows * columns; row += columns) {
            for (int i = 0; i < columns; i++) {
                scaled[row + i] = weights[at + row + i] * scales[i];
            }
        }
        linear.coder().get().roundTrip(scaled, 0, rows, columns, new Metric.Importance(importance), rounded);
        for (int row = 0; row < rows * columns; row += columns) {
            for (int i = 0; i < columns; i++) {
                changes[at + row + i] = rounded[row + i] / scales[i] - weights[at + row + i];
            }
        }
    }
}
