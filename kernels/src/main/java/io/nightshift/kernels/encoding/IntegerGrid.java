package io.nightshift.kernels.encoding;

import io.nightshift.kernels.rounding.Grid;

/**
 * A grid of integers with the zero point of each group, which the formats store beside the scale.
 *
 * @param grid its levels are the stored integers (0 to 15 with 4 bits) where there are zero points, signed ones (-8 to 7)
 *     where there are none
 * @param zeroPoints row-major, one a group: the level that stands for zero; null in a symmetric grid
 */
public record IntegerGrid(Grid grid, byte[] zeroPoints) {}
