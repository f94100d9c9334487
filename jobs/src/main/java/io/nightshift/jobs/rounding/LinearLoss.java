package io.nightshift.jobs.rounding;

import java.io.Serializable;

/**
 * What became of some rows of a linear layer in an output: sums that can be added up. Losses are tr(D·H·Dᵀ) of the change D,
 * seen at the layer's output with all scales taken back; 0 where there are no statistics.
 *
 * @param output index of the output
 * @param module the linear layer's name
 * @param rows rows that were measured
 * @param signal tr(W·H·Wᵀ)
 * @param nearest the loss of rounding the weights as they are to nearest
 * @param scaled of rounding to nearest with scales and clipped groups
 * @param rounded as written
 * @param groups groups that could have been clipped
 * @param clippedGroups groups that were
 * @param damping share of the mean of H's diagonal that was added to it; 0 without error feedback
 * @param silentChannels channels without any input
 */
public record LinearLoss(int output, String module, int rows, double signal, double nearest, double scaled,
        double rounded, long groups, long clippedGroups, double damping, int silentChannels) implements Serializable {
    /** The sums of both. */
    public LinearLoss plus(LinearLoss other) {
        return new LinearLoss(output, module, rows + other.rows, signal + other.signal, nearest + other.nearest,
                scaled + other.scaled, rounded + other.rounded, groups + other.groups,
                clippedGroups + other.clippedGroups, Math.max(damping, other.damping),
                Math.max(silentChannels, other.silentChannels));
    }
}
