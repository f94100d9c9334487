package io.nightshift.jobs.quantize;

import io.nightshift.jobs.output.Part;
import java.util.List;

/**
 * The work of one task: what stands one after another in each of some files that are cut alike, and so makes one part of
 * each.
 *
 * @param stretches in the order of the files
 * @param parts one for each file
 */
record Piece(List<Stretch> stretches, List<Part> parts) {}
