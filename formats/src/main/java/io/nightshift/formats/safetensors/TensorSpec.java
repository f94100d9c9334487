package io.nightshift.formats.safetensors;

import java.util.List;

/**
 * A tensor that is to be written.
 *
 * @param name its name
 * @param type element type, of whole bytes
 * @param shape row-major, the row length last; empty for a scalar
 */
public record TensorSpec(String name, SafetensorsType type, List<Long> shape) {
    /** Bytes that it takes. */
    public long bytes() {
        return Math.multiplyExact(shape.stream().reduce(1L, Math::multiplyExact), type.bits() / 8);
    }
}
