package io.nightshift.kernels.encoding;

import io.nightshift.kernels.linear.GroupLoss;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Grid;
import java.util.Objects;

/**
 * Searches the magnitude that the weights of each group are clipped to (AutoAWQ's {@code _compute_best_clip}): the largest
 * one times 1, 0.95, ... 0.55, whichever loses least when the group is rounded to nearest and the rest is left as it is.
 * Rows are independent. AutoAWQ leaves the query and key projections out: what is lost there goes through a softmax.
 */
public final class ClipSearch {
    private static final int STEPS = 20;
    private static final int TRIED = 10;

    /** Rows a piece of work. */
    private static final int ROWS = 64;

    private ClipSearch() {}

    /**
     * The limit of each group of each row.
     *
     * @param loss H's squares on the diagonal, of the weights as they are given: with scaled channels, of H divided by them
     * @param groups the format; its groups are those of {@code loss}
     * @param weights row-major, {@code rows * columns} from {@code at}; finite
     * @return row-major, one a group: the largest magnitude of the group where nothing less was better
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public static float[] limits(GroupLoss loss, IntegerGroups groups, float[] weights, int at, int rows, int columns,
            Workers workers) {
        Objects.checkFromIndexSize(at, Math.multiplyExact(rows, columns), weights.length);
        float[] limits = new float[rows * (columns / groups.groupSize())];
        workers.run((rows + ROWS - 1) / ROWS, piece -> {
            int first = piece * ROWS;
            int count = Math.min(ROWS, rows - first);
            float[] found = search(loss, groups, weights, at + first * columns, count, columns);
            System.arraycopy(found, 0, limits, first * (columns / groups.groupSize()), found.length);
        });
        return limits;
    }

    private static float[] search(
            GroupLoss loss, IntegerGroups groups, float[] weights, int at, int rows, int columns) {
        float[] largest = largest(weights, at, rows * columns, groups.groupSize());
        float[] best = largest.clone();
        float[] tried = new float[best.length];
        double[] least = null;
        byte[] levels = new byte[rows * columns];
        float[] changes = new float[rows * columns];
        for (int step = 0; step < TRIED; step++) {
            for (int i = 0; i < tried.length; i++) {
                tried[i] = largest[i] * (1 - (float) step / STEPS);
            }
            Grid grid = groups.grid(weights, at, rows, columns, tried).grid();
            grid.nearest(weights, at, levels);
            grid.dequantize(levels, changes, 0);
            for (int i = 0; i < changes.length; i++) {
                changes[i] -= weights[at + i];
            }
            double[] losses = loss.ofGroups(changes, 0, rows);
            if (least == null) {
                least = losses;
            }
            keepBetter(losses, tried, least, best);
        }
        return best;
    }

    private static void keepBetter(double[] losses, float[] tried, double[] least, float[] best) {
        for (int i = 0; i < losses.length; i++) {
            if (losses[i] < least[i]) {
                least[i] = losses[i];
                best[i] = tried[i];
            }
        }
    }

    /** The largest magnitude of each group. */
    static float[] largest(float[] weights, int at, int count, int groupSize) {
        float[] largest = new float[count / groupSize];
        for (int i = 0; i < count; i++) {
            largest[i / groupSize] = Math.max(largest[i / groupSize], Math.abs(weights[at + i]));
        }
        return largest;
    }
}
