package io.nightshift.jobs.rounding;

import io.nightshift.formats.statistics.InputSummary;
import java.io.Serializable;

/**
 * The input of linear layers, divided by the scales of its channels.
 *
 * @param name unlike that of every other one of the run, fit for a file's name: with several targets, or experts that
 *     share statistics, more than the name of the statistics
 * @param statistics those of the unscaled input
 * @param scales one a channel; null where there are none
 */
public record ScaledInput(String name, InputSummary statistics, float[] scales) implements Serializable {
    /**
     * An input.
     *
     * @param expert the expert that the scales belong to, -1 where they are those of all layers with these statistics:
     *     experts may share statistics, but not scales
     */
    public static ScaledInput of(InputSummary statistics, int expert, float[] scales) {
        boolean shared = expert >= 0 && statistics.expert() != expert;
        return new ScaledInput(statistics.name() + (shared ? "." + expert : ""), statistics, scales);
    }
}
