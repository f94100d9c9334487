package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.quantize.RowQuantizer;
import io.nightshift.kernels.rounding.ErrorFeedback;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.Grid;

/**
 * Rounds rows to blocks with error feedback. The scales of the blocks are ggml's choice: first for the weights as they are,
 * then twice for what error feedback moved them to, since this is what is rounded. Of each row the best outcome is kept.
 */
final class FeedbackBlocks {
    /** How often scales are chosen: the third time still gains a little with two bits, a fifth hardly more. */
    private static final int PASSES = 3;

    private final GgmlType type;
    private final RowQuantizer quantizer;
    private final BlockLayout layout;
    private final FeedbackFactor factor;
    private final float[] residuals;
    private final float[] firstImportance;
    private final float[] importance;
    private final int rows;
    private final int columns;
    private final Workers workers;

    /**
     * Rounds rows of a type.
     *
     * @param diagonal of H of the scaled input, whose factor it is
     */
    FeedbackBlocks(GgmlType type, RowQuantizer quantizer, FeedbackFactor factor, float[] diagonal, int rows,
            Workers workers) {
        this.type = type;
        this.quantizer = quantizer;
        this.layout = BlockLayout.of(type);
        this.factor = factor;
        this.residuals = factor.residuals();
        this.firstImportance = ColumnImportance.of(diagonal, residuals);
        this.importance = ColumnImportance.of(diagonal);
        this.rows = rows;
        this.columns = factor.channels();
        this.workers = workers;
    }

    /**
     * Rounds.
     *
     * @param scaled the rows
     * @param blocks receives the blocks
     */
    void round(float[] scaled, byte[] blocks) {
        int rowBytes = Math.toIntExact(type.rowBytes(columns));
        byte[] tried = new byte[rows * rowBytes];
        double[] least = new double[rows];
        float[] goal = scaled;
        float[] moved = new float[scaled.length];
        float[] next = new float[scaled.length];
        for (int pass = 0; pass < PASSES; pass++) {
            quantizer.quantize(goal, 0, rows, columns, pass == 0 ? firstImportance : importance, 0, tried, 0);
            double[] losses = feedback(scaled, tried, moved);
            for (int row = 0; row < rows; row++) {
                // The first pass is taken whatever it gives.
                if (pass == 0 || losses[row] < least[row]) {
                    least[row] = losses[row];
                    System.arraycopy(tried, row * rowBytes, blocks, row * rowBytes, rowBytes);
                    System.arraycopy(moved, row * columns, next, row * columns, columns);
                }
            }
            goal = next;
        }
    }

    /** Replaces the levels of blocks, and tells the loss of each row. */
    private double[] feedback(float[] scaled, byte[] blocks, float[] moved) {
        Grid grid = layout.grid(blocks, 0, rows, columns);
        byte[] levels = new byte[scaled.length];
        ErrorFeedback.round(factor, scaled, 0, grid, levels, moved, workers);
        layout.replaceLevels(levels, blocks, 0, rows, columns);
        float[] values = new float[scaled.length];
        grid.dequantize(levels, values, 0);
        double[] losses = new double[rows];
        for (int row = 0; row < rows; row++) {
            double loss = 0;
            for (int i = 0; i < columns; i++) {
                double change = values[row * columns + i] - moved[row * columns + i];
                loss += residuals[i] * change * change;
            }
            losses[row] = loss;
        }
        return losses;
    }
}
