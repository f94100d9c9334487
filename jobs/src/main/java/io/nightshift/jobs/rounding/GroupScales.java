package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.ScaleGroup;
import java.io.Serializable;
import java.util.List;

/**
 * The scales of a group's channels. Arrays are not copied.
 *
 * @param group which channels, and what they are folded into
 * @param scales one a channel, positive and finite: columns of the group's layers are multiplied by them, what produces
 *     the channels is divided
 * @param ratio exponent of the inputs' magnitudes; 0 if nothing was better than no scales
 * @param duo whether the weights' magnitudes took part
 * @param losses what the search found, one for each layer of the group, on all rows
 * @param bytesRead from the checkpoint
 */
public record GroupScales(
        ScaleGroup group, float[] scales, double ratio, boolean duo, List<Loss> losses, long bytesRead)
        implements Serializable {
    /**
     * tr(D·H·Dᵀ) of the change D that rounding to nearest makes to a layer, on all of its rows.
     *
     * @param unscaled with all scales one
     * @param scaled with the chosen scales
     */
    public record Loss(double unscaled, double scaled) implements Serializable {}
}
