package io.nightshift.formats.awq;

import java.io.Serializable;
import java.util.List;

/**
 * Packed rows of a linear layer, on their way to the task that owns the layer's bytes.
 *
 * @param from number of the first row, a multiple of 8
 * @param rows number of rows, a multiple of 8
 * @param parts a block for each tensor of the layer, in the order of its bytes; empty for a tensor that no row changes
 */
public record PackedRows(int from, int rows, List<byte[]> parts) implements Serializable {}
