package io.nightshift.formats.layout;

import java.io.Serializable;
import java.util.List;

/**
 * Packed rows of a linear layer, on their way to the task that owns the layer's bytes.
 *
 * @param from number of the first row
 * @param rows number of rows
 * @param parts a block for each tensor of the layer, in the order of its bytes; empty for a tensor that no row changes
 */
public record PackedRows(int from, int rows, List<byte[]> parts) implements Serializable {}
