package io.nightshift.jobs.quantize;

import io.nightshift.formats.gguf.FileType;
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

    /**
     * What became of a linear layer that was scaled or rounded with error feedback. Losses are tr(D·H·Dᵀ) of the change D
     * over tr(W·H·Wᵀ), at the layer's output with all scales taken back, on rows evenly spread over the layer.
     *
     * @param module its name
     * @param scaleRatio exponent of the inputs' magnitudes in the scales of its columns; 0 without scales
     * @param duo whether the weights' magnitudes took part in the scales
     * @param nearestLoss as llama-quantize makes it
     * @param scaledLoss likewise, with scales
     * @param roundedLoss as written
     * @param damping share of the mean of H's diagonal that was added to it; 0 without error feedback
     * @param dampingRaised whether the damping that was asked for did not do
     * @param silentChannels channels that calibration saw no input of, rounded to nearest
     * @param measuredRows rows that losses were measured on
     */
    public record LinearReport(
            String module,
            double scaleRatio,
            boolean duo,
            double nearestLoss,
            double scaledLoss,
            double roundedLoss,
            double damping,
            boolean dampingRaised,
            int silentChannels,
            int measuredRows) {}
}
