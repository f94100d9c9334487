package io.nightshift.formats.gguf;

import io.nightshift.kernels.GgmlType;
import java.io.Serializable;
import java.util.List;

/**
 * An entry of a GGUF file's tensor table.
 *
 * @param name its name
 * @param shape in ggml's order, the row length first
 * @param type its type
 * @param offset of its first byte in the data section, a multiple of the alignment
 */
public record GgufTensor(String name, List<Long> shape, GgmlType type, long offset) implements Serializable {
    /** Weights a row. */
    public long columns() {
        return shape.get(0);
    }

    /** Number of rows, all dimensions but the first multiplied. */
    public long rows() {
        return shape.stream().skip(1).reduce(1L, Math::multiplyExact);
    }

    /** Number of weights. */
    public long weights() {
        return Math.multiplyExact(columns(), rows());
    }

    /** Bytes of its data, without padding. */
    public long bytes() {
        return Math.multiplyExact(rows(), type.rowBytes(columns()));
    }
}
