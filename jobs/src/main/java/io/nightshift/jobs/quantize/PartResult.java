package io.nightshift.jobs.quantize;

import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.rounding.LinearLoss;
import java.io.Serializable;
import java.util.List;

/**
 * What the task that made a piece hands back.
 *
 * @param receipts one for each file
 * @param errors what was lost on the rows that were read back
 * @param losses of the linear layers that the task rounded itself
 * @param blocks of the linear layers that it put together
 * @param bytesRead from the checkpoint by this task
 * @param time where it went
 */
record PartResult(List<PartReceipt> receipts, List<ItemError> errors, List<LinearLoss> losses,
        List<RoundedBlock.Summary> blocks, long bytesRead, WorkTime time) implements Serializable {
    /**
     * What was lost of an item.
     *
     * @param output number of the output among those that are made together
     * @param file index of the file in it
     * @param item index of the item in the file
     */
    record ItemError(int output, int file, int item, TensorError error) implements Serializable {}

    long bytesWritten() {
        return receipts.stream().mapToLong(receipt -> receipt.part().length()).sum();
    }
}
