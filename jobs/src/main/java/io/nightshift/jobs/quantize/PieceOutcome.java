package io.nightshift.jobs.quantize;

import io.nightshift.jobs.output.PartReceipt;
import java.io.Serializable;
import java.util.List;

/** What a task hands back. */
sealed interface PieceOutcome extends Serializable {
    /**
     * The piece stands in every output.
     *
     * @param receipts one for each target, in the plan's order
     * @param errors for each target, what was lost on the sampled rows of each span
     * @param losses of the linear layers that were rounded by statistics
     * @param bytesRead from the source
     * @param bytesWritten to all targets
     * @param time where it went
     */
    record Finished(
            List<PartReceipt> receipts,
            List<List<TensorError>> errors,
            List<RoundingLoss> losses,
            long bytesRead,
            long bytesWritten,
            WorkTime time)
            implements PieceOutcome {}

    /** The input cannot be used. Trying again would not help, so this is an answer rather than a failure. */
    record Refused(String message) implements PieceOutcome {}
}
