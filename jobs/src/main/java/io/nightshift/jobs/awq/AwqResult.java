package io.nightshift.jobs.awq;

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

    /**
     * What became of a linear layer. Losses are tr(D·H·Dᵀ) of the change D over tr(W·H·Wᵀ), on rows evenly spread over
     * the layer; 0 where there are no statistics.
     *
     * @param module its name
     * @param scaleRatio exponent of the inputs' magnitudes in the scales of its columns; 0 without scales
     * @param duo whether the weights' magnitudes took part in the scales
     * @param nearestLoss rounded to nearest as it is
     * @param scaledLoss rounded to nearest with scales (and clipped groups)
     * @param roundedLoss as written
     * @param clippedShare share of the groups that were clipped
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
            double clippedShare,
            double damping,
            boolean dampingRaised,
            int silentChannels,
            int measuredRows) {}
}
