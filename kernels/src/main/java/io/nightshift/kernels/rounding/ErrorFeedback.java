package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.linear.LeftFactor;
import io.nightshift.kernels.parallel.Workers;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/**
 * Rounds the weights of a linear layer to a grid, column by column, so that later columns make up for the errors of earlier
 * ones (GPTQ, Frantar et al., 2022; see {@link FeedbackFactor}). Groups stay where they are: the order of the columns leaves
 * no trace in the result.
 *
 * <p>Rows are independent, and lanes are rows: a row's levels are the same whatever rows are rounded with it. Columns go in
 * blocks; what the blocks before it owe a block is a product of matrices. A thread needs 4 * channels bytes for each row of
 * a panel ({@link LeftFactor#WIDTH} rows). Rounding takes half of channels² multiply-adds a row.
 */
public final class ErrorFeedback {
    private static final int SIDE = FeedbackFactor.SIDE;
    private static final int WIDTH = LeftFactor.WIDTH;

    private ErrorFeedback() {}

    /**
     * Rounds rows.
     *
     * @param factor the feedback between columns
     * @param weights row-major, as many as the grid's, from {@code at}; finite; multiplied by the factor's scales
     * @param grid what may stand in the place of the weights
     * @param levels receives the level of each weight, row-major, from 0
     * @throws IllegalArgumentException if the factor is of another number of columns than the grid
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void round(
            FeedbackFactor factor, float[] weights, int at, Grid grid, byte[] levels, Workers workers) {
        round(factor, weights, at, grid, levels, null, workers);
    }

    /**
     * Rounds rows, and tells what each weight had been moved to before it was rounded.
     *
     * @param moved receives that, row-major, from 0; null if it is of no interest
     */
    public static void round(FeedbackFactor factor, float[] weights, int at, Grid grid, byte[] levels, float[] moved,
            Workers workers) {
        if (factor.channels() != grid.columns()) {
            throw new IllegalArgumentException("statistics of " + factor.channels() + " channels for rows of "
                    + grid.columns() + " weights");
        }
        int count = Math.multiplyExact(grid.rows(), grid.columns());
        Objects.checkFromIndexSize(at, count, weights.length);
        Objects.checkFromIndexSize(0, count, levels.length);
        Objects.checkFromIndexSize(0, count, moved == null ? count : moved.length);
        workers.run((grid.rows() + WIDTH - 1) / WIDTH, piece -> {
            int first = piece * WIDTH;
            int rows = Math.min(WIDTH, grid.rows() - first);
            new Panel(factor, weights, at, grid, first, rows, levels, moved).round();
        });
    }

    /** Some rows. Column by column, in the factor's order, its array holds weights, and behind the last rounded one errors. */
    private static final class Panel {
        private final FeedbackFactor factor;
        private final int[] order;
        private final Grid grid;
        private final int first;
        private final int rows;
        private final byte[] levels;
        private final float[] moved;
        private final float[] columns;
        private final float[] scales;
        private final float[] offsets;
        private final float[] original = new float[SIDE * WIDTH];
        private final int[] level = new int[WIDTH];
        private final float[] value = new float[WIDTH];

        Panel(FeedbackFactor factor, float[] weights, int at, Grid grid, int first, int rows, byte[] levels,
                float[] moved) {
            this.factor = factor;
            this.order = factor.order();
            this.grid = grid;
            this.first = first;
            this.rows = rows;
            this.levels = levels;
            this.moved = moved;
            this.columns = new float[factor.side() * SIDE * WIDTH];
            for (int k = 0; k < order.length; k++) {
                for (int row = 0; row < rows; row++) {
                    columns[k * WIDTH + row] = weights[at + (first + row) * order.length + order[k]];
                }
            }
            this.scales = transposed(grid.scales());
            this.offsets = transposed(grid.offsets());
        }

        private float[] transposed(float[] ofRows) {
            int groups = grid.groups();
            float[] transposed = new float[groups * WIDTH];
            for (int group = 0; group < groups; group++) {
                for (int row = 0; row < rows; row++) {
                    transposed[group * WIDTH + row] = ofRows[(first + row) * groups + group];
                }
            }
            return transposed;
        }

        void round() {
            int side = factor.side();
            for (int block = side - 1; block >= 0; block--) {
                int at = block * SIDE * WIDTH;
                System.arraycopy(columns, at, original, 0, SIDE * WIDTH);
                for (int later = side - 1; later > block; later--) {
                    factor.tile(block, later).addProduct(columns, later * SIDE * WIDTH, columns, at);
                }
                roundBlock(block);
            }
        }

        private void roundBlock(int block) {
            float[] feedback = factor.diagonalTile(block);
            int at = block * SIDE * WIDTH;
            int last = Math.min(SIDE, order.length - block * SIDE) - 1;
            // Places behind the last column hold no weights, hence no errors.
            for (int k = last; k >= 0; k--) {
                int column = order[block * SIDE + k];
                int group = column / grid.groupSize() * WIDTH;
                grid.levels().round(columns, at + k * WIDTH, WIDTH, scales, offsets, group, level, value);
                storeLevels(column);
                if (moved != null) {
                    storeMoved(column, at + k * WIDTH);
                }
                giveFeedback(original, k * WIDTH, value, feedback, k * SIDE, k, columns, at);
            }
        }

        private void storeMoved(int column, int from) {
            for (int row = 0; row < rows; row++) {
                moved[(first + row) * order.length + column] = columns[from + row];
            }
        }

        private void storeLevels(int column) {
            for (int row = 0; row < rows; row++) {
                levels[(first + row) * order.length + column] = (byte) level[row];
            }
        }
    }

    /** Puts a column's error in its place, and adds to the columns of its block that follow what they owe for it. */
    static void giveFeedback(float[] original, int originalAt, float[] value, float[] feedback, int feedbackAt,
            int k, float[] columns, int at) {
        FloatVector left = FloatVector.fromArray(Lanes.FLOAT, original, originalAt)
                .sub(FloatVector.fromArray(Lanes.FLOAT, value, 0));
        FloatVector right = FloatVector.fromArray(Lanes.FLOAT, original, originalAt + Lanes.COUNT)
                .sub(FloatVector.fromArray(Lanes.FLOAT, value, Lanes.COUNT));
        left.intoArray(columns, at + k * WIDTH);
        right.intoArray(columns, at + k * WIDTH + Lanes.COUNT);
        for (int j = 0; j < k; j++) {
            int to = at + j * WIDTH;
            FloatVector factor = FloatVector.broadcast(Lanes.FLOAT, feedback[feedbackAt + j]);
            factor.fma(left, FloatVector.fromArray(Lanes.FLOAT, columns, to)).intoArray(columns, to);
            factor.fma(right, FloatVector.fromArray(Lanes.FLOAT, columns, to + Lanes.COUNT))
                    .intoArray(columns, to + Lanes.COUNT);
        }
    }
}
