package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.PackedRows;
import java.io.Serializable;

/**
 * A block of rows, rounded and packed.
 *
 * @param unit number of the layer among the quantized ones
 * @param packed its bytes
 * @param measure what was measured
 */
record RoundedBlock(int unit, PackedRows packed, Measure measure) implements Serializable {
    /**
     * What was measured of a block; sums over its measured rows.
     *
     * @param unit number of the layer
     * @param from number of the first row
     * @param rows number of rows
     * @param checksum of the first and the last row, as a reader must see them
     * @param measuredRows rows that the losses are of
     * @param signal tr(W·H·Wᵀ)
     * @param nearest loss of rounding to nearest
     * @param scaled loss of rounding to nearest with scales and clipped groups
     * @param rounded loss of what is written
     * @param clippedGroups groups that were clipped
     * @param damping of the factor
     * @param silentChannels of the factor
     * @param bytesRead from the checkpoint
     */
    record Measure(
            int unit,
            int from,
            int rows,
            long checksum,
            int measuredRows,
            double signal,
            double nearest,
            double scaled,
            double rounded,
            long clippedGroups,
            double damping,
            int silentChannels,
            long bytesRead)
            implements Serializable {}
}
