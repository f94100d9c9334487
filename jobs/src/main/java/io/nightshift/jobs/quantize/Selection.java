package io.nightshift.jobs.quantize;

/**
 * How choices are made where units have several: each one's error is measured, and an optimiser picks under a budget.
 *
 * @param measure what a choice's error is
 * @param probes choices that are tried in the model
 * @param optimizer picks
 * @param budget bits that all units together may take
 */
public record Selection(Measure measure, Probes probes, Optimizer optimizer, long budget) {
    /** A selection by errors alone. */
    public Selection(Measure measure, Optimizer optimizer, long budget) {
        this(measure, Probes.NONE, optimizer, budget);
    }
}
