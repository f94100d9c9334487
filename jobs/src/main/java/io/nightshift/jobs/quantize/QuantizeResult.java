package io.nightshift.jobs.quantize;

import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.rounding.LinearReport;
import java.util.List;

/**
 * What a job did.
 *
 * @param outputs one for each target
 * @param warnings what was ignored, guessed or missing
 * @param bytesRead weights read from the source, in bytes
 * @param bytesWritten to all outputs, headers included
 * @param pieces tasks that were run
 * @param seconds from the first task to the last
 * @param time where tasks spent it, all added up
 */
public record QuantizeResult(
        List<Output> outputs,
        List<String> warnings,
        long bytesRead,
        long bytesWritten,
        int pieces,
        double seconds,
        WorkTime time) {
    /**
     * One file.
     *
     * @param fileType the mixture of types
     * @param location where it is
     * @param bytes its length
     * @param bitsPerWeight bits a weight takes on average
     * @param skipped whether it was complete already
     * @param tensors what each tensor became; empty if skipped
     * @param linears what became of each linear layer; empty if skipped, or made as llama-quantize does
     */
    public record Output(
            FileType fileType,
            String location,
            long bytes,
            double bitsPerWeight,
            boolean skipped,
            List<TensorReport> tensors,
            List<LinearReport> linears) {}

    /**
     * One tensor of a file.
     *
     * @param name its name
     * @param type the type it became
     * @param relativeError root of the relative squared error of the rows that were read back
     */
    public record TensorReport(String name, String type, double relativeError) {}
}
