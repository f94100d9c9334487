package io.nightshift.jobs.plan;

import java.io.Serializable;

/**
 * Consecutive rows of one output tensor.
 *
 * @param tensor index of the tensor in the plan
 * @param firstRow its first row
 * @param rows number of rows
 */
public record RowSpan(int tensor, long firstRow, long rows) implements Serializable {}
