package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;

/**
 * Rows as blocks of a ggml type.
 *
 * @param bytes the rows one after another, {@code rows * type.rowBytes(columns)}
 */
public record Blocks(GgmlType type, int rows, int columns, byte[] bytes) implements EncodedRows {}
