package io.nightshift.formats.architecture;

import io.nightshift.kernels.GgmlType;
import java.io.Serializable;
import java.util.List;

/**
 * A tensor of the unquantized GGUF, and where its weights come from.
 *
 * @param name its name in GGUF
 * @param shape in ggml's order, the row length first
 * @param type F32, F16 or BF16: what the converter's {@code --outtype auto} writes. Weights are rounded to it before
 *     they are quantized further
 * @param content its rows
 */
public record TensorRecipe(String name, List<Long> shape, GgmlType type, Content content) implements Serializable {
    /** Where the rows come from. */
    public sealed interface Content extends Serializable {}

    /** Rows of source tensors, one after another: several where experts are stacked. */
    public record Stored(List<SourceRows> parts) implements Content {}

    /** Weights worked out from the configuration, F32: rope factors. */
    public record Computed(List<Float> values) implements Content {}

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
}
