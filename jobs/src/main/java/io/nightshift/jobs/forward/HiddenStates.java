package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.CarriedStates;
import java.io.Serializable;

/**
 * The hidden states of a group of sequences.
 *
 * @param group the group's index
 * @param sequenceLength tokens of a sequence
 * @param values row-major, one row a token, sequences one after another; not to be changed
 * @param carried what the tokens carry besides; not to be changed
 */
public record HiddenStates(int group, int sequenceLength, float[] values, CarriedStates carried) implements Serializable {
    /** States that no layer comes behind. */
    public static HiddenStates last(int group, int sequenceLength, float[] values) {
        return new HiddenStates(group, sequenceLength, values, CarriedStates.none());
    }
}
