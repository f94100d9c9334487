package io.nightshift.jobs.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.LinearPacker;
import io.nightshift.formats.awq.QuantizedRows;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.rounding.InputMatrices.Matrices;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.jobs.rounding.RowRounding;
import io.nightshift.kernels.linear.GroupLoss;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Grid;
import io.nightshift.kernels.rounding.IntegerGrid;
import io.nightshift.kernels.rounding.IntegerGroups;
import io.nightshift.kernels.scaling.ClipSearch;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;

/**
 * Rounds a block of rows, within a task: reads them, scales them, chooses the grid, rounds, measures, packs. A pure
 * function of the rows, the scales and the matrices. Memory: about 25 bytes a weight of the block, besides the
 * matrices.
 */
final class BlockTask {
    /** Rows of a layer that losses are measured on, about. */
    private static final int MEASURED_ROWS = 512;

    /**
     * Layers whose groups keep their limits, as in AutoAWQ: what is lost of queries and keys goes through a softmax,
     * where the loss of the layer's own output says little. A fused matrix holds both.
     */
    private static final Set<Role> NEVER_CLIPPED = Set.of(Role.QUERY, Role.KEY, Role.QUERY_KEY_VALUE);

    private final RowBlock block;
    private final AwqItem.Packed layer;
    private final IntegerGroups groups;
    private final int columns;
    private final Matrices matrices;
    private final Workers workers;

    private BlockTask(RowBlock block, Matrices matrices, Workers workers) {
        this.block = block;
        this.layer = block.layer();
        this.groups = AwqRounding.groups(layer);
        this.columns = layer.inputs();
        this.matrices = matrices;
        this.workers = workers;
    }

    /**
     * Rounds.
     *
     * @param matrices of the layer's input; null where there are no statistics: then rows are rounded to nearest
     * @param clipped whether groups may be clipped; those of queries and keys never are
     * @throws InvalidModelException if weights are damaged, or too large for the format's scales
     */
    static RoundedBlock run(RowBlock block, ModelFolder source, Matrices matrices, boolean clipped, Workers workers)
            throws IOException {
        return new BlockTask(block, matrices, workers).round(source, clipped);
    }

    private RoundedBlock round(ModelFolder source, boolean clipped) throws IOException {
        LinearRows reader = new LinearRows(source);
        float[] weights = reader.read(layer.linear().source(), block.from(), block.to());
        RowRounding.divide(weights, block.from(), block.rows(), columns, block.rowDivisors());
        float[] scaled = RowRounding.scaled(weights, columns, block.columnScales());
        boolean searched = clipped && !NEVER_CLIPPED.contains(layer.linear().role());
        float[] limits = searched ? limits(scaled) : null;
        IntegerGrid integers = grid(scaled, block.rows(), limits);
        Grid grid = integers.grid();
        byte[] levels = RowRounding.levels(matrices == null ? null : matrices.factor(), scaled, grid, workers);
        QuantizedRows rows = quantized(integers, levels);
        long checksum = RowChecksum.of(rows, 0, rows.rows() - 1);
        RoundedBlock.Measure measure =
                measure(weights, scaled, limits, grid, levels, checksum, reader.bytesRead());
        return new RoundedBlock(block.unit(), new LinearPacker(layer).pack(block.from(), rows), measure);
    }

    private float[] limits(float[] scaled) {
        GroupLoss loss = GroupLoss.of(matrices.squares(), groups.groupSize());
        return ClipSearch.limits(loss, groups, scaled, 0, block.rows(), columns, workers);
    }

    private IntegerGrid grid(float[] weights, int rows, float[] limits) {
        try {
            return groups.grid(weights, 0, rows, columns, limits);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(
                    layer.linear().weight() + ", rows from " + block.from() + ": " + e.getMessage(), e);
        }
    }

    private QuantizedRows quantized(IntegerGrid integers, byte[] levels) {
        float[] scales = integers.grid().scales();
        return layer.symmetric()
                ? QuantizedRows.symmetric(block.rows(), columns, layer.groupSize(), levels, scales)
                : new QuantizedRows(
                        block.rows(), columns, layer.groupSize(), levels, integers.zeroPoints(), scales);
    }

    private RoundedBlock.Measure measure(float[] weights, float[] scaled, float[] limits, Grid grid, byte[] levels,
            long checksum, long bytesRead) {
        if (matrices == null) {
            return new RoundedBlock.Measure(
                    block.unit(), block.from(), block.rows(), checksum, 0, 0, 0, 0, 0, 0, 0, 0, bytesRead);
        }
        float[] nearest = new float[weights.length];
        byte[] nearestLevels = new byte[weights.length];
        grid.nearest(scaled, 0, nearestLevels);
        grid.dequantize(nearestLevels, nearest, 0);
        float[] rounded = new float[weights.length];
        grid.dequantize(levels, rounded, 0);

        int[] sample = sample();
        float[] original = rows(weights, sample);
        float[] unscaled = new float[original.length];
        Grid own = grid(original, sample.length, null).grid();
        byte[] ownLevels = new byte[original.length];
        own.nearest(original, 0, ownLevels);
        own.dequantize(ownLevels, unscaled, 0);
        return new RoundedBlock.Measure(
                block.unit(),
                block.from(),
                block.rows(),
                checksum,
                sample.length,
                RowRounding.signal(matrices.loss(), original, sample.length, workers),
                loss(original, unscaled, sample.length, null),
                loss(original, rows(nearest, sample), sample.length, block.columnScales()),
                loss(original, rows(rounded, sample), sample.length, block.columnScales()),
                limits == null ? 0 : clipped(scaled, limits),
                matrices.factor() == null ? 0 : matrices.factor().damping(),
                matrices.factor() == null ? 0 : matrices.factor().silentChannels(),
                bytesRead);
    }

    private double loss(float[] original, float[] changed, int rows, float[] scales) {
        return RowRounding.loss(matrices.loss(), original, changed, rows, columns, scales, workers);
    }

    /** Rows of the block that are measured: those of the layer that are multiples of a step. */
    private int[] sample() {
        int step = Math.max(1, layer.outputs() / MEASURED_ROWS);
        int[] sample = new int[block.rows()];
        int count = 0;
        for (int row = block.from(); row < block.to(); row++) {
            if (row % step == 0) {
                sample[count++] = row - block.from();
            }
        }
        return Arrays.copyOf(sample, count);
    }

    private float[] rows(float[] all, int[] which) {
        float[] chosen = new float[which.length * columns];
        for (int i = 0; i < which.length; i++) {
            System.arraycopy(all, which[i] * columns, chosen, i * columns, columns);
        }
        return chosen;
    }

    private long clipped(float[] scaled, float[] limits) {
        long count = 0;
        for (int group = 0; group < limits.length; group++) {
            float largest = 0;
            for (int i = group * groups.groupSize(); i < (group + 1) * groups.groupSize(); i++) {
                largest = Math.max(largest, Math.abs(scaled[i]));
            }
            count += limits[group] < largest ? 1 : 0;
        }
        return count;
    }
}
