package io.nightshift.formats.architecture;

import io.nightshift.kernels.GgmlType;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tensor of the unquantized GGUF, and where its weights come from.
 *
 * @param name its name in GGUF
 * @param shape in ggml's order, the row length first
 * @param type F32, F16 or BF16: what the converter's {@code --outtype auto} writes. Weights are rounded to it before
 *     they are quantized further. MXFP4 where the checkpoint's blocks are kept
 * @param content its rows
 */
public record TensorRecipe(String name, List<Long> shape, GgmlType type, Content content) implements Serializable {
    private static final Pattern LAYER = Pattern.compile("^blk\\.(\\d+)\\.");

    /** Where the rows come from. */
    public sealed interface Content extends Serializable {}

    /** Rows of source tensors, one after another: several where experts are stacked, or rows are taken apart. */
    public record Stored(List<SourceRows> parts) implements Content {
        /**
         * The type in which the rows are read: that of all parts, or F32 where they differ, as the converter makes of
         * everything that is neither F16 nor F32 (conversion/base.py, prepare_tensors).
         */
        public GgmlType type() {
            GgmlType type = parts.get(0).type();
            return parts.stream().allMatch(part -> part.type() == type) ? type : GgmlType.F32;
        }
    }

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

    /** Rows that belong to one expert: all of a matrix without experts, the one of a vector. */
    public long rowsPerExpert() {
        return shape.size() > 1 ? shape.get(1) : 1;
    }

    /** How its columns are reordered, where the checkpoint has them in another order. */
    public Optional<ColumnForm.Reordered> reorderedColumns() {
        return content instanceof Stored stored && stored.parts().get(0).columns() instanceof ColumnForm.Reordered columns
                ? Optional.of(columns)
                : Optional.empty();
    }

    /** The decoder layer that its name says; -1 where it belongs to none. */
    public int layer() {
        Matcher matcher = LAYER.matcher(name);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    /** The shape as files and llama-quantize have it, without trailing dimensions of one. */
    public List<Long> writtenShape() {
        int dimensions = shape.size();
        while (dimensions > 1 && shape.get(dimensions - 1) == 1) {
            dimensions--;
        }
        return List.copyOf(shape.subList(0, dimensions));
    }

    /** Number of weights. */
    public long weights() {
        return Math.multiplyExact(columns(), rows());
    }
}
