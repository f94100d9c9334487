package io.nightshift.jobs.forward;

import java.io.Serializable;

/**
 * The hidden states of a group of sequences.
 *
 * @param group the group's index
 * @param sequenceLength tokens of a sequence
 * @param values row-major, one row a token, sequences one after another; not to be changed
 */
public record HiddenStates(int group, int sequenceLength, float[] values) implements Serializable {}
