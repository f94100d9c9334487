package io.nightshift.kernels.encoding;

import io.nightshift.kernels.linear.GroupLoss;
import io.nightshift.kernels.pack.GroupedIntegers;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.ErrorFeedback;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.Grid;
import java.util.stream.IntStream;

/** Makes integers in groups. For one thread. */
final class IntegerCoder implements RowCoder {
    private static final byte[] NO_ZERO_POINTS = {};

    private final IntegerGroups groups;
    private final boolean clipped;
    private byte[] scratch = {};

    IntegerCoder(IntegerGroups groups, boolean clipped) {
        this.groups = groups;
        this.clipped = clipped;
    }

    @Override
    public IntegerRows nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers) {
        float[] limits = clipped && metric instanceof Metric.Statistics statistics
                ? ClipSearch.limits(GroupLoss.of(statistics.squares(), groups.groupSize()), groups, weights, at, rows,
                        columns, workers)
                : null;
        IntegerGrid integers = groups.grid(weights, at, rows, columns, limits);
        byte[] levels = new byte[rows * columns];
        integers.grid().nearest(weights, at, levels);
        return new IntegerRows(rows, columns, groups.groupSize(), levels,
                integers.zeroPoints() == null ? NO_ZERO_POINTS : integers.zeroPoints(), integers.grid().scales(),
                integers.grid().offsets(), limits == null ? 0 : clipped(weights, at, limits));
    }

    private long clipped(float[] weights, int at, float[] limits) {
        float[] largest = ClipSearch.largest(weights, at, limits.length * groups.groupSize(), groups.groupSize());
        return IntStream.range(0, limits.length).filter(group -> limits[group] < largest[group]).count();
    }

    /** The grid stays: only which of its levels a weight takes is chosen anew. */
    @Override
    public IntegerRows feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor,
            Metric.Statistics metric, Workers workers) {
        IntegerRows start = (IntegerRows) nearest;
        byte[] levels = new byte[start.levels().length];
        ErrorFeedback.round(factor, weights, 0, grid(start), levels, workers);
        return new IntegerRows(start.rows(), start.columns(), start.groupSize(), levels, start.zeroPoints(),
                start.scales(), start.offsets(), start.clippedGroups());
    }

    private Grid grid(IntegerRows rows) {
        return new Grid(groups.levels(), rows.rows(), rows.columns(), rows.groupSize(), rows.scales(), rows.offsets());
    }

    @Override
    public void decode(EncodedRows encoded, int first, int rows, float[] values, int at) {
        IntegerRows integers = (IntegerRows) encoded;
        int columns = integers.columns();
        int groupsARow = columns / integers.groupSize();
        byte[] zeroPoints = groups.symmetric() ? new byte[integers.scales().length] : integers.zeroPoints();
        for (int row = 0; row < rows; row++) {
            int place = first + row;
            GroupedIntegers.dequantize(integers.levels(), place * columns, zeroPoints, integers.scales(),
                    place * groupsARow, integers.groupSize(), values, at + row * columns, columns);
        }
    }

    /** Without an array of levels a call. */
    @Override
    public void roundTrip(float[] weights, int at, int rows, int columns, Metric metric, float[] values) {
        if (scratch.length < rows * columns) {
            scratch = new byte[rows * columns];
        }
        Grid grid = groups.grid(weights, at, rows, columns, null).grid();
        grid.nearest(weights, at, scratch);
        grid.dequantize(scratch, values, 0);
    }
}
