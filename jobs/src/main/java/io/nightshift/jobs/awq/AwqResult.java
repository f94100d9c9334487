package io.nightshift.jobs.awq;

import io.nightshift.jobs.rounding.LinearReport;
import java.util.List;

/**
 * What a job did.
 *
 * @param location the folder
 * @param format {@code gemm} or {@code compressed-tensors}
 * @param bytes of all its files
 * @param skipped whether it was complete already
 * @param warnings shapes that loaders refuse or run slowly
 * @param linears one for each quantized linear layer; empty if skipped
 * @param bytesRead weights read from the checkpoint, by all phases
 * @param blocks blocks of rows that were rounded, a task each
 * @param parts parts that were written, a task each
 * @param seconds of each phase
 */
public record AwqResult(
        String location,
        String format,
        long bytes,
        boolean skipped,
        List<String> warnings,
        List<LinearReport> linears,
        long bytesRead,
        int blocks,
        int parts,
        Seconds seconds) {
    /**
     * Time by the clock.
     *
     * @param scales the search for scales
     * @param factors the factors of error feedback
     * @param rounding rounding, packing and writing
     * @param verifying reading back
     */
    public record Seconds(double scales, double factors, double rounding, double verifying) {
        static final Seconds NONE = new Seconds(0, 0, 0, 0);
    }
}
