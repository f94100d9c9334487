package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.ElementForm.Multiplied.Range;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What llama.cpp's converter does to a source tensor, or to one an expert, to make an output tensor. */
@FunctionalInterface
interface Transform {
    /**
     * The rows of the output.
     *
     * @throws InvalidModelException if a source tensor's shape or type is not what the configuration makes of it
     */
    List<SourceRows> rows(SourceTensors sources) throws IOException;

    /** As it is; one an expert stacked. */
    Transform COPY = sources -> sources.each(SourceRows::whole);

    /** One added to each weight: norms that multiply by 1 + weight. */
    Transform ADD_ONE = sources -> List.of(
            new SourceRows(sources.expected(), 0, sources.expected().rows(), RowOrder.AS_IS, 1));

    /** The halves of each query or key head interleaved (conversion/llama.py, permute). */
    Transform INTERLEAVE_HALVES = ordered((config, layer) -> {
        long head = Dimension.HEAD.of(config, layer);
        if (head == 0 || head % 2 != 0 || head > Integer.MAX_VALUE) {
            throw new InvalidModelException(config.location() + ": heads of " + head
                    + " channels cannot be rotated: the number must be even and not 0");
        }
        return new RowOrder.InterleavedHalves((int) head);
    });

    /** The gate half of a tensor that holds, for each expert, gate rows and then up rows. */
    Transform GATE_HALF = half(0);

    /** The up half of such a tensor. */
    Transform UP_HALF = half(1);

    /** Rows beyond the tokenizer's vocabulary cut off (conversion/gemma.py, Gemma3Model). */
    Transform CUT_TO_TOKENS = sources -> {
        SafetensorsTensor tensor = sources.first();
        if (tensor.shape().size() != 2 || tensor.rows() < sources.shape().get(0)) {
            sources.expected();
        }
        sources.expect(tensor, List.of(tensor.rows(), sources.shape().get(1)));
        long tokens = TokenCount.of(sources.checkpoint());
        return List.of(new SourceRows(tensor, 0, Math.min(tokens, tensor.rows()), RowOrder.AS_IS, 0));
    };

    /** A convolution's kernels without the axis of length 1 between: [channels, 1, width]. */
    Transform SQUEEZE = sources -> List.of(SourceRows.whole(squeezed(sources)));

    /** The elements of a vector as a matrix, row by row. */
    Transform RESHAPE = sources -> {
        List<Long> shape = sources.shape();
        SafetensorsTensor vector =
                sources.expect(sources.first(), List.of(Math.multiplyExact(shape.get(0), shape.get(1))));
        return List.of(SourceRows.whole(sources.viewed(vector, shape)));
    };

    /** Refuses experts that lie apart, in families whose stacked ones alone the converter knows. */
    Transform STACKED_ALONE = sources -> {
        throw new InvalidModelException(sources.checkpoint().folder().location() + ": tensor " + sources.first().name()
                + " is of one expert, but the experts of this family must be stacked in one tensor, as llama.cpp's converter"
                + " wants them. Fetch the checkpoint as it was published");
    };

    /** Rows of a matrix, or elements of a vector, in some order. */
    static Transform ordered(Ordering ordering) {
        return sources -> {
            SafetensorsTensor matrix = sources.asRows(sources.expected());
            return List.of(new SourceRows(
                    matrix, 0, matrix.rows(), ordering.of(sources.config(), sources.layer()), 0));
        };
    }

    /** The first rows as they are, the others in some order; of a squeezed tensor where that is stored with three axes. */
    static Transform orderedFrom(Dimension first, Ordering ordering) {
        return sources -> {
            SafetensorsTensor tensor = squeezed(sources);
            long kept = first.of(sources.config(), sources.layer());
            return List.of(
                    new SourceRows(tensor, 0, kept, RowOrder.AS_IS, 0),
                    new SourceRows(tensor, kept, tensor.rows() - kept, ordering.of(sources.config(), sources.layer()), 0));
        };
    }

    /** The columns of a matrix in some order. */
    static Transform columnsOrdered(Ordering ordering) {
        return sources -> List.of(SourceRows.whole(sources.expected())
                .with(new ColumnForm.Reordered(ordering.of(sources.config(), sources.layer()))));
    }

    /** What another transform makes, minus the exponential of each number. */
    static Transform negativeExponential(Transform of) {
        return sources -> of.rows(sources).stream()
                .map(rows -> rows.with(new ElementForm.NegativeExponential()))
                .toList();
    }

    /** The tensor, each number times factors of the configuration, one after another. */
    static Transform times(Factor... factors) {
        return sources -> {
            SourceRows all = SourceRows.whole(sources.expected());
            return List.of(all.with(new ElementForm.Multiplied(List.of(product(sources, all.rows(), factors)))));
        };
    }

    /** The rows of a matrix, range by range, each times a factor that all have in common and then one of its own. */
    static Transform rangesTimes(Factor common, Map<Factor, Dimension> ranges) {
        return sources -> {
            List<Range> products = new ArrayList<>();
            ranges.forEach((factor, rows) -> products.add(
                    product(sources, rows.of(sources.config(), sources.layer()), common, factor)));
            return List.of(SourceRows.whole(sources.expected()).with(new ElementForm.Multiplied(List.copyOf(products))));
        };
    }

    /** A factor that the configuration gives. */
    @FunctionalInterface
    interface Factor {
        double of(ModelConfig config);
    }

    private static Range product(SourceTensors sources, long rows, Factor... factors) {
        sources.requireFloats(sources.first());
        return new Range(rows, Arrays.stream(factors).map(factor -> (float) factor.of(sources.config())).toList());
    }

    /**
     * Every so many elements of an expert's vector: biases of gate and up rows that take turns.
     *
     * @param stride the source has so many times the elements of the output
     * @param first the first element taken
     */
    static Transform everyElement(int stride, int first) {
        return sources -> {
            List<Long> shape = List.of(sources.shape().get(0), Math.multiplyExact(stride, sources.shape().get(1)));
            SafetensorsTensor elements = sources.asElements(sources.expect(sources.first(), shape));
            return List.of(new SourceRows(elements, 0, elements.rows() / stride, RowOrder.every(stride, first), 0));
        };
    }

    /**
     * The columns of each expert's matrix as rows, all or some of them.
     *
     * @param times the source has so many times the columns that are taken
     * @param taken which column each row is, by the number of rows
     */
    static Transform transposedExperts(int times, LongFunction<RowOrder> taken) {
        return sources -> {
            long experts = sources.shape().get(0);
            long rows = sources.shape().get(1);
            long columns = sources.shape().get(2);
            SafetensorsTensor tensor =
                    sources.expect(sources.first(), List.of(experts, columns, Math.multiplyExact(times, rows)));
            return LongStream.range(0, experts)
                    .mapToObj(expert -> new SourceRows(tensor, expert * columns, rows, taken.apply(rows), 0)
                            .with(new ColumnForm.Transposed(columns)))
                    .toList();
        };
    }

    /**
     * Some rows of each head of a matrix, as rows of a matrix a head (conversion/deepseek.py, kv_b_proj).
     *
     * @param headRows rows a head in the source
     * @param first the first of them that is taken
     * @param transposed whether each head's matrix is transposed then
     */
    static Transform rowsOfHeads(Dimension headRows, Dimension first, boolean transposed) {
        return sources -> {
            long heads = sources.shape().get(0);
            long rows = sources.shape().get(1);
            long columns = sources.shape().get(2);
            long each = headRows.of(sources.config(), sources.layer());
            long from = first.of(sources.config(), sources.layer());
            SafetensorsTensor tensor = sources.expect(
                    sources.first(), List.of(Math.multiplyExact(heads, each), transposed ? rows : columns));
            if (!transposed) {
                return List.of(new SourceRows(tensor, 0, heads * rows, RowOrder.ofGroups(each, from, rows), 0));
            }
            List<SourceRows> parts = new ArrayList<>();
            for (long head = 0; head < heads; head++) {
                parts.add(new SourceRows(tensor, head * each + from, rows, RowOrder.AS_IS, 0)
                        .with(new ColumnForm.Transposed(columns)));
            }
            return parts;
        };
    }

    /** Rows of one group after another, some of each group: a matrix of q, k, v and z of each head taken apart. */
    static Transform rowsOfGroups(Dimension sourceRows, Dimension groups, Slice... slices) {
        return sources -> {
            List<Long> shape = new ArrayList<>(sources.shape());
            shape.set(0, sourceRows.of(sources.config(), sources.layer()));
            SafetensorsTensor tensor = sources.expect(sources.first(), shape);
            long count = groups.of(sources.config(), sources.layer());
            long each = shape.get(0) / count;
            List<RowOrder.Grouped.Run> runs = new ArrayList<>();
            for (Slice slice : slices) {
                runs.add(new RowOrder.Grouped.Run(slice.first().of(sources.config(), sources.layer()),
                        slice.rows().of(sources.config(), sources.layer())));
            }
            long rows = count * runs.stream().mapToLong(RowOrder.Grouped.Run::rows).sum();
            return List.of(new SourceRows(tensor, 0, rows, new RowOrder.Grouped(count, each, List.copyOf(runs)), 0));
        };
    }

    /** One of several matrices that lie one below another in a tensor, or of several vectors in one. */
    static Transform slice(int count, int which) {
        return sources -> {
            List<Long> shape = new ArrayList<>(sources.shape());
            long rows = shape.get(0);
            shape.set(0, Math.multiplyExact(count, rows));
            SafetensorsTensor all = sources.asRows(sources.expect(sources.first(), shape));
            return List.of(new SourceRows(all, which * rows, rows, RowOrder.AS_IS, 0));
        };
    }

    /** One picture's kernels of a convolution over several: [outputs, channels, pictures, height, width]. */
    static Transform picture(int count, int which) {
        return sources -> {
            List<Long> shape = new ArrayList<>(sources.shape());
            long rows = shape.get(2);
            shape.add(2, (long) count);
            SafetensorsTensor kernels = sources.expect(sources.first(), shape);
            long all = sources.shape().get(0) * sources.shape().get(1) * rows;
            return List.of(new SourceRows(kernels, 0, all, RowOrder.ofGroups(count * rows, which * rows, rows), 0));
        };
    }

    /** Kernels of a convolution out of rows that hold all channels of a point, points row by row. */
    Transform KERNELS_OF_POINTS = sources -> {
        List<Long> shape = sources.shape();
        long channels = shape.get(1);
        long width = shape.get(3);
        long points = Math.multiplyExact(shape.get(2), width);
        SafetensorsTensor elements = sources.asElements(
                sources.expect(sources.first(), List.of(shape.get(0), Math.multiplyExact(points, channels))));
        return List.of(new SourceRows(elements, 0, elements.rows(), new RowOrder.Strided(
                0, shape, List.of(points * channels, 1L, width * channels, channels)), 0));
    };

    /** Rows of each group. */
    record Slice(Dimension first, Dimension rows) {}

    /** Packed MXFP4 blocks of all experts, or every so many rows of each. */
    static Transform mxfp4(int stride, int first) {
        return sources -> {
            List<Long> shape = sources.shape();
            long rows = Math.multiplyExact(stride, shape.get(1));
            long groups = shape.get(2) / 32;
            SafetensorsTensor blocks = sources.expect(sources.first(), List.of(shape.get(0), rows, groups, 16L));
            SafetensorsTensor exponents = sources.expect(
                    sources.beside(blocks.name().replace("_blocks", "_scales")), List.of(shape.get(0), rows, groups));
            sources.expect(blocks, SafetensorsType.U8);
            sources.expect(exponents, SafetensorsType.U8);
            SafetensorsTensor matrix = sources.viewed(blocks, List.of(shape.get(0) * rows, groups * 16));
            return List.of(new SourceRows(matrix, 0, shape.get(0) * shape.get(1), RowOrder.every(stride, first), 0)
                    .with(new ElementForm.PackedMxfp4(exponents)));
        };
    }

    /** An order that hangs on the configuration and the layer. */
    @FunctionalInterface
    interface Ordering {
        RowOrder of(ModelConfig config, int layer);
    }

    private static Transform half(int half) {
        return sources -> {
            List<Long> shape = sources.shape();
            long rows = shape.get(1);
            SafetensorsTensor tensor =
                    sources.expect(sources.first(), List.of(shape.get(0), Math.multiplyExact(2, rows), shape.get(2)));
            return IntStream.range(0, Math.toIntExact(shape.get(0)))
                    .mapToObj(expert -> new SourceRows(tensor, (2L * expert + half) * rows, rows, RowOrder.AS_IS, 0))
                    .toList();
        };
    }

    /** The tensor, with three axes or without the one of length 1 between. */
    private static SafetensorsTensor squeezed(SourceTensors sources) {
        List<Long> shape = sources.shape();
        SafetensorsTensor tensor = sources.first();
        boolean kernels = tensor.shape().size() == 3;
        sources.expect(tensor, kernels ? List.of(shape.get(0), 1L, shape.get(1)) : shape);
        return tensor;
    }
}
