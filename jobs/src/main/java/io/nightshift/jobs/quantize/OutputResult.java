package io.nightshift.jobs.quantize;

import io.nightshift.jobs.rounding.LinearReport;
import java.util.List;

/**
 * One output of a job.
 *
 * @param target what the user asked for
 * @param location the file or the folder
 * @param bytes of all its files
 * @param bitsPerWeight bits a weight takes on average
 * @param skipped whether it was complete already
 * @param warnings what was ignored, guessed or missing, and what loaders will not like
 * @param tensors what each tensor became; empty if skipped
 * @param linears what became of each linear layer that was scaled or rounded; empty if skipped
 * @param work what it took; outputs that were made together share it, and each says the whole
 */
public record OutputResult(String target, String location, long bytes, double bitsPerWeight, boolean skipped,
        List<String> warnings, List<TensorReport> tensors, List<LinearReport> linears, Work work) {
    /**
     * One tensor of an output; one linear layer where it became several tensors.
     *
     * @param name its name
     * @param type what it became
     * @param relativeError root of the relative squared error of the rows that were read back; 0 where nothing was rounded
     */
    public record TensorReport(String name, String type, double relativeError) {}

    /**
     * What outputs took.
     *
     * @param outputs that were made together, at least 1
     * @param parts that were written, a task each
     * @param blocks blocks of rows that were rounded in tasks of their own
     * @param bytesRead from the checkpoint, by all phases
     * @param bytesWritten to all outputs that were made together
     * @param time where the tasks that wrote parts spent theirs, all added up
     * @param coreNanos of the tasks of all phases, from the search for scales to verifying, each with all of its cores
     * @param seconds of each phase
     */
    public record Work(int outputs, int parts, int blocks, long bytesRead, long bytesWritten, WorkTime time,
            long coreNanos, Seconds seconds) {
        /** Nothing was done. */
        public static final Work NONE = new Work(1, 0, 0, 0, 0, WorkTime.ZERO, 0, Seconds.NONE);
    }

    /**
     * Time by the clock.
     *
     * @param scales the search for scales
     * @param choosing measuring and choosing
     * @param factors the factors of error feedback
     * @param writing rounding, packing and writing
     * @param verifying committing and reading back
     */
    public record Seconds(double scales, double choosing, double factors, double writing, double verifying) {
        /** No time. */
        public static final Seconds NONE = new Seconds(0, 0, 0, 0, 0);

        /** Of all phases. */
        public double sum() {
            return scales + choosing + factors + writing + verifying;
        }
    }
}
