package io.nightshift.jobs.rounding;

/**
 * What became of a linear layer that was scaled or rounded with error feedback. Losses are tr(D·H·Dᵀ) of the change D
 * over tr(W·H·Wᵀ), at the layer's output with all scales taken back, on rows evenly spread over the layer; 0 where there
 * are no statistics.
 *
 * @param module its name
 * @param scaleRatio exponent of the inputs' magnitudes in the scales of its columns; 0 without scales
 * @param duo whether the weights' magnitudes took part in the scales
 * @param nearestLoss rounded to nearest as it is (a GGUF type: as llama-quantize makes it)
 * @param scaledLoss likewise, with scales and clipped groups
 * @param roundedLoss as written
 * @param clippedShare share of the groups that were clipped; 0 for GGUF types, which have no use for that
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
