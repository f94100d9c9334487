package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.PackedRows;
import io.nightshift.jobs.rounding.LinearLoss;
import java.io.Serializable;

/**
 * A block of rows, rounded and packed.
 *
 * @param packed its bytes
 * @param summary what is known of it when the bytes have been written
 */
record RoundedBlock(PackedRows packed, Summary summary) implements Serializable {
    /**
     * What a task tells of a block.
     *
     * @param module the linear layer
     * @param from number of the first row
     * @param rows number of rows
     * @param checksum of the first and the last row, as a reader must see them
     * @param loss what was measured
     * @param error of the first row
     * @param bytesRead from the checkpoint
     */
    record Summary(String module, int from, int rows, long checksum, LinearLoss loss, TensorError error, long bytesRead)
            implements Serializable {}
}
