package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.ScaleGroup;
import java.io.Serializable;

/**
 * The scales of a group's channels. Arrays are not copied.
 *
 * @param group which channels, and what they are folded into
 * @param scales one a channel, positive and finite: columns of the group's layers are multiplied by them, what produces
 *     the channels is divided
 * @param ratio exponent of the inputs' magnitudes; 0 if nothing was better than no scales
 * @param duo whether the weights' magnitudes took part
 * @param bytesRead from the checkpoint
 */
public record GroupScales(ScaleGroup group, float[] scales, double ratio, boolean duo, long bytesRead)
        implements Serializable {}
