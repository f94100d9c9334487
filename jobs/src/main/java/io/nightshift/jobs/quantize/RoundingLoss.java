package io.nightshift.jobs.quantize;

import java.io.Serializable;

/**
 * What became of some rows of a linear layer in a target: sums that can be added up. Losses are tr(D·H·Dᵀ) of the change D,
 * seen at the layer's output with all scales taken back.
 *
 * @param target index of the target
 * @param module the linear layer's name
 * @param rows rows that were measured
 * @param signal tr(W·H·Wᵀ)
 * @param nearest the loss of llama-quantize's blocks
 * @param scaled of llama-quantize's blocks with scales
 * @param rounded as written
 * @param damping share of the mean of H's diagonal that was added to it; 0 without error feedback
 * @param silentChannels channels without any input
 */
record RoundingLoss(
        int target,
        String module,
        int rows,
        double signal,
        double nearest,
        double scaled,
        double rounded,
        double damping,
        int silentChannels)
        implements Serializable {
    RoundingLoss plus(RoundingLoss other) {
        return new RoundingLoss(target, module, rows + other.rows, signal + other.signal, nearest + other.nearest,
                scaled + other.scaled, rounded + other.rounded, Math.max(damping, other.damping),
                Math.max(silentChannels, other.silentChannels));
    }
}
