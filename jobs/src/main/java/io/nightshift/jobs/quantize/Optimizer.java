package io.nightshift.jobs.quantize;

import java.util.List;

/** Picks a choice for each unit. It knows bits and errors, and no format. */
public interface Optimizer {
    /**
     * Picks.
     *
     * @param units in their order
     * @param errors of each choice of each unit, as measured
     * @param budget bits that the choices may take together
     * @return index of the choice of each unit
     * @throws io.nightshift.formats.InvalidModelException if not even the smallest choices fit; the message says what they
     *     take
     */
    int[] choose(List<Unit> units, double[][] errors, long budget);
}
