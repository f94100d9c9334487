package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Turns source tensors, once found, into the rows of an output tensor, after checking their shapes. */
final class SourceTransforms {
    private final Checkpoint checkpoint;
    private final ModelConfig config;

    SourceTransforms(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.config = checkpoint.config();
    }

    /**
     * The recipe of an output tensor.
     *
     * @throws InvalidModelException if a source tensor's shape is not what the configuration makes of it
     */
    TensorRecipe recipe(
            String name, GgmlType type, TensorRow row, Transform transform, List<SafetensorsTensor> tensors)
            throws IOException {
        List<Long> shape = new ArrayList<>();
        row.shape().forEach(dimension -> shape.add(dimension.of(config)));
        SafetensorsTensor first = tensors.get(0);
        List<SourceRows> parts = switch (transform) {
            case COPY -> List.of(whole(expect(first, shape), 0));
            case ADD_ONE -> List.of(whole(expect(first, shape), 1));
            case INTERLEAVE_HALVES -> List.of(interleaved(expect(first, shape)));
            case STACK_EXPERTS -> tensors.stream()
                    .map(tensor -> whole(expect(tensor, shape.subList(1, shape.size())), 0))
                    .toList();
            case GATE_HALF -> halves(first, shape, 0);
            case UP_HALF -> halves(first, shape, 1);
            case CUT_TO_TOKENS -> {
                SourceRows cut = cutToTokens(first, shape);
                shape.set(0, cut.rows());
                yield List.of(cut);
            }
        };
        if (shape.contains(0L)) {
            throw new InvalidModelException(checkpoint.folder().location() + ": tensor " + name + " would be of shape "
                    + shape + ", without a weight; are config.json and the tokenizer those of this model?");
        }
        Collections.reverse(shape);
        return new TensorRecipe(name, List.copyOf(shape), type, new Stored(parts));
    }

    private static SourceRows whole(SafetensorsTensor tensor, float shift) {
        return new SourceRows(tensor, 0, tensor.rows(), RowOrder.AS_IS, shift);
    }

    private SourceRows interleaved(SafetensorsTensor tensor) {
        long head = Dimension.HEAD.of(config);
        if (head == 0 || head % 2 != 0 || head > Integer.MAX_VALUE) {
            throw new InvalidModelException(config.location() + ": heads of " + head
                    + " channels cannot be rotated: the number must be even and not 0");
        }
        // The elements of a bias move as the rows of its matrix do: a vector is seen as rows of one element.
        SafetensorsTensor matrix = tensor.shape().size() > 1 ? tensor : new SafetensorsTensor(tensor.name(),
                tensor.type(), List.of(tensor.elements(), 1L), tensor.file(), tensor.position(), tensor.length());
        return new SourceRows(matrix, 0, matrix.rows(), new RowOrder.InterleavedHalves((int) head), 0);
    }

    private List<SourceRows> halves(SafetensorsTensor tensor, List<Long> shape, int half) {
        long rows = shape.get(1);
        expect(tensor, List.of(shape.get(0), Math.multiplyExact(2, rows), shape.get(2)));
        List<SourceRows> parts = new ArrayList<>();
        for (long expert = 0; expert < shape.get(0); expert++) {
            parts.add(new SourceRows(tensor, (2 * expert + half) * rows, rows, RowOrder.AS_IS, 0));
        }
        return parts;
    }

    private SourceRows cutToTokens(SafetensorsTensor tensor, List<Long> shape) throws IOException {
        if (tensor.shape().size() != 2 || tensor.rows() < shape.get(0)) {
            expect(tensor, shape);
        }
        expect(tensor, List.of(tensor.rows(), shape.get(1)));
        long tokens = TokenCount.of(checkpoint);
        return new SourceRows(tensor, 0, Math.min(tokens, tensor.rows()), RowOrder.AS_IS, 0);
    }

    private SafetensorsTensor expect(SafetensorsTensor tensor, List<Long> shape) {
        if (!tensor.shape().equals(shape)) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                    + tensor.name() + " is of shape " + tensor.shape() + ", but by config.json it must be " + shape);
        }
        return tensor;
    }
}
