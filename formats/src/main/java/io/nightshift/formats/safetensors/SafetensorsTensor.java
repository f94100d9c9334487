package io.nightshift.formats.safetensors;

import java.io.Serializable;
import java.util.List;

/**
 * A tensor of a safetensors file.
 *
 * @param name its name
 * @param type element type
 * @param shape row-major, the row length last; empty for a scalar
 * @param file the file's name within its folder
 * @param position of its first byte in the file
 * @param length in bytes
 */
public record SafetensorsTensor(
        String name, SafetensorsType type, List<Long> shape, String file, long position, long length)
        implements Serializable {
    /** Number of elements. */
    public long elements() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** Elements a row: the last dimension, 1 for a scalar. */
    public long columns() {
        return shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
    }

    /** Number of rows: all dimensions but the last multiplied. */
    public long rows() {
        return columns() == 0 ? 0 : elements() / columns();
    }
}
