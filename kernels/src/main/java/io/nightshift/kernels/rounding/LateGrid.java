package io.nightshift.kernels.rounding;

/**
 * A grid whose scales are chosen when error feedback reaches a group, from weights that it has moved. Groups are runs of
 * columns in the order of rounding, each with levels of its own; there are no offsets. A {@link Grid} is the case in which
 * everything is known before.
 *
 * <p>Rows are independent: what is chosen for one must not depend on which others are asked for with it. Implementations are
 * called by several threads, each for rows of its own.
 */
public interface LateGrid {
    /** Columns of a row. */
    int columns();

    /** Number of groups. */
    int groups();

    /** Columns that are rounded before those of a group. The groups' numbers are in the order of rounding. */
    int first(int group);

    /** The levels of a group. */
    Levels levels(int group);

    /**
     * Chooses the scales of a group for some rows, when all columns of the groups before it have been rounded.
     *
     * @param group its number
     * @param firstRow number of the first row
     * @param rows number of rows, at most {@code width}
     * @param weights as they have been moved: row r of the group's column i at {@code i * width + r}; zeros beyond the rows
     * @param width a multiple of the lanes of a vector of floats
     * @param importance what the squared error of each of the group's columns costs, all later columns making up for it
     *     ({@link FeedbackFactor#residuals})
     * @param scales receives {@code width} scales
     */
    void choose(int group, int firstRow, int rows, float[] weights, int width, float[] importance, float[] scales);
}
