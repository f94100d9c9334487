package io.nightshift.jobs.quantize;

import java.util.List;

/**
 * Choices that are tried in the model: what their errors do to its predictions becomes the cost of all choices of a unit.
 *
 * @param choices of each unit, by their index; none of a unit with one choice
 * @param sequences pieces of text that are run
 * @param length most tokens of a piece
 */
public record Probes(List<List<Integer>> choices, int sequences, int length) {
    /** Nothing is tried: errors are the costs. */
    static final Probes NONE = new Probes(List.of(), 0, 0);
}
