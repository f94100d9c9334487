package io.nightshift.jobs.plan;

import java.io.Serializable;
import java.util.List;

/**
 * The work of one task: rows that stand one after another in every output, and so make one part of each.
 *
 * @param index its place among the pieces
 * @param spans its rows, in output order
 */
public record Piece(int index, List<RowSpan> spans) implements Serializable {}
