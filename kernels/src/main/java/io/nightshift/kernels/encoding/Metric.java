package io.nightshift.kernels.encoding;

import io.nightshift.kernels.linear.GramMatrix;

/** What errors in the columns of rows cost, as far as it is known. */
public sealed interface Metric {
    /** Nothing is known: all columns cost the same. */
    Metric NONE = new None();

    /** Nothing is known. */
    record None() implements Metric {}

    /**
     * The importance of columns, as an importance matrix has it. Encodings that have no use for it leave it.
     *
     * @param columns non-negative, one a column
     */
    record Importance(float[] columns) implements Metric {}

    /**
     * Statistics of the rows' inputs, divided by the scales of their channels.
     *
     * @param diagonal of H
     * @param squares H with nothing but the blocks around its diagonal
     */
    record Statistics(float[] diagonal, GramMatrix squares) implements Metric {}
}
