package io.nightshift.jobs.quantize;

/**
 * How choices are made where units have several: each one's error is measured, and an optimiser picks under a budget.
 *
 * @param measure what a choice's error is
 * @param optimizer picks
 * @param budget bits that all units together may take
 */
public record Selection(Measure measure, Optimizer optimizer, long budget) {}
