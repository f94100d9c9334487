package io.nightshift.kernels.rounding;

import io.nightshift.kernels.linear.LeftFactor;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.Objects;

/**
 * Error feedback to a {@link LateGrid}: as {@link ErrorFeedback}, but for the scales of a group, which are chosen when it is
 * reached, from weights that the columns before it have moved.
 *
 * <p>A group may reach into blocks of columns that have not begun. What finished blocks owe those is added then and not again;
 * what the group's own columns owe each other is worked out on a copy. A thread needs 4 * channels bytes for each row of a panel
 * ({@link LeftFactor#WIDTH} rows). Rounding takes half of channels² multiply-adds a row.
 */
public final class LateFeedback {
    private static final int SIDE = FeedbackFactor.SIDE;
    private static final int WIDTH = LeftFactor.WIDTH;
    private static final int BLOCK = SIDE * WIDTH;

    private LateFeedback() {}

    /**
     * Rounds rows.
     *
     * @param factor the feedback between columns
     * @param weights row-major, {@code rows * channels} from {@code at}; finite; multiplied by the factor's scales
     * @param levels receives the level of each weight, row-major, from 0
     * @throws IllegalArgumentException if the factor is of another number of columns than the grid
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void round(FeedbackFactor factor, float[] weights, int at, int rows, LateGrid grid, byte[] levels,
            Workers workers) {
        if (factor.channels() != grid.columns()) {
            throw new IllegalArgumentException("statistics of " + factor.channels() + " channels for rows of "
                    + grid.columns() + " weights");
        }
        int count = Math.multiplyExact(rows, grid.columns());
        Objects.checkFromIndexSize(at, count, weights.length);
        Objects.checkFromIndexSize(0, count, levels.length);
        float[] residuals = factor.residuals();
        workers.run((rows + WIDTH - 1) / WIDTH, piece -> {
            int first = piece * WIDTH;
            new Panel(factor, residuals, weights, at, grid, first, Math.min(WIDTH, rows - first), levels).round();
        });
    }

    /** Some rows. Column by column, in the factor's order, its array holds weights, and behind the last rounded one errors. */
    private static final class Panel {
        private final FeedbackFactor factor;
        private final int[] order;
        private final float[] residuals;
        private final LateGrid grid;
        private final int first;
        private final int rows;
        private final byte[] levels;
        private final float[] columns;

        /** The weights of a block before anything moved them, from when it is first touched until it is rounded. */
        private final float[][] originals;

        /** The blocks from this one on have given a block their feedback. */
        private final int[] givenFrom;

        private final float[] scales = new float[WIDTH];
        private final float[] offsets = new float[WIDTH];
        private final int[] level = new int[WIDTH];
        private final float[] value = new float[WIDTH];

        Panel(FeedbackFactor factor, float[] residuals, float[] weights, int at, LateGrid grid, int first, int rows,
                byte[] levels) {
            this.factor = factor;
            this.order = factor.order();
            this.residuals = residuals;
            this.grid = grid;
            this.first = first;
            this.rows = rows;
            this.levels = levels;
            this.columns = new float[factor.side() * BLOCK];
            this.originals = new float[factor.side()][];
            this.givenFrom = new int[factor.side()];
            Arrays.fill(givenFrom, factor.side());
            for (int k = 0; k < order.length; k++) {
                for (int row = 0; row < rows; row++) {
                    columns[k * WIDTH + row] = weights[at + (first + row) * order.length + order[k]];
                }
            }
        }

        void round() {
            int group = -1;
            int next = 0;
            for (int k = order.length - 1; k >= 0; k--) {
                int place = order.length - 1 - k;
                int block = k / SIDE;
                if (place == next) {
                    group++;
                    next = group + 1 < grid.groups() ? grid.first(group + 1) : order.length;
                    reach(group, k, order.length - next);
                }
                take(block, block + 1);
                round(group, k);
                if (k % SIDE == 0) {
                    originals[block] = null;
                }
            }
        }

        private void round(int group, int k) {
            int block = k / SIDE;
            grid.levels(group).round(columns, k * WIDTH, WIDTH, scales, offsets, 0, level, value);
            for (int row = 0; row < rows; row++) {
                levels[(first + row) * order.length + order[k]] = (byte) level[row];
            }
            int within = k % SIDE;
            ErrorFeedback.giveFeedback(originals[block], within * WIDTH, value, factor.diagonalTile(block), within * SIDE,
                    within, columns, block * BLOCK);
        }

        /** Has a block take the feedback of those from one on. */
        private void take(int block, int from) {
            int at = block * BLOCK;
            if (originals[block] == null) {
                originals[block] = Arrays.copyOfRange(columns, at, at + BLOCK);
            }
            for (int later = givenFrom[block] - 1; later >= from; later--) {
                factor.tile(block, later).addProduct(columns, later * BLOCK, columns, at);
            }
            givenFrom[block] = Math.min(givenFrom[block], from);
        }

        /**
         * Chooses the scales of the group whose columns are those from {@code last} to {@code k}. Its columns are moved as if
         * each could stay where the ones before it have moved it: by the feedback of its move, later ones move on.
         */
        private void reach(int group, int k, int last) {
            float[] weights = new float[(k - last + 1) * WIDTH];
            float[] importance = new float[k - last + 1];
            int current = k / SIDE;
            float[][] copies = new float[current + 1][];
            for (int block = current; block >= last / SIDE; block--) {
                take(block, current + 1);
                float[] copy = Arrays.copyOfRange(columns, block * BLOCK, (block + 1) * BLOCK);
                for (int later = current; later > block; later--) {
                    factor.tile(block, later).addProduct(copies[later], 0, copy, 0);
                }
                for (int j = Math.min(k, (block + 1) * SIDE - 1); j >= Math.max(last, block * SIDE); j--) {
                    int within = j - block * SIDE;
                    System.arraycopy(copy, within * WIDTH, weights, (k - j) * WIDTH, WIDTH);
                    System.arraycopy(copy, within * WIDTH, value, 0, WIDTH);
                    ErrorFeedback.giveFeedback(originals[block], within * WIDTH, value, factor.diagonalTile(block),
                            within * SIDE, within, copy, 0);
                    importance[k - j] = residuals[order[j]];
                }
                copies[block] = copy;
            }
            grid.choose(group, first, rows, weights, WIDTH, importance, scales);
        }
    }
}
