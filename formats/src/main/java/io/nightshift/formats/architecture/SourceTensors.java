package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.util.List;
import java.util.function.Function;

/**
 * What a transform works on.
 *
 * @param checkpoint the model
 * @param config its configuration
 * @param layer the layer, 0 where the tensors belong to none
 * @param shape of the output by the configuration, in the order of the source, the row length last
 * @param tensors the source tensor, or one an expert
 * @param others finds other tensors of the checkpoint by name, and counts them as used
 */
record SourceTensors(
        Checkpoint checkpoint,
        ModelConfig config,
        int layer,
        List<Long> shape,
        List<SafetensorsTensor> tensors,
        Function<String, SafetensorsTensor> others) {
    SafetensorsTensor first() {
        return tensors.get(0);
    }

    /** The only tensor, of the output's shape. */
    SafetensorsTensor expected() {
        return expect(first(), shape);
    }

    /** Rows of each tensor: of the output's shape, or of an expert's part of it where there is one an expert. */
    List<SourceRows> each(Function<SafetensorsTensor, SourceRows> rows) {
        boolean stacked = shape.size() > 2 && first().shape().size() < shape.size();
        List<Long> ofOne = stacked ? shape.subList(1, shape.size()) : shape;
        return tensors.stream().map(tensor -> rows.apply(expect(tensor, ofOne))).toList();
    }

    /** Another tensor of the checkpoint. */
    SafetensorsTensor beside(String name) {
        return others.apply(name);
    }

    /** A matrix as it is, a vector as rows of one element: its elements move as the rows of its matrix do. */
    SafetensorsTensor asRows(SafetensorsTensor tensor) {
        return tensor.shape().size() > 1 ? tensor : asElements(tensor);
    }

    SafetensorsTensor asElements(SafetensorsTensor tensor) {
        return viewed(tensor, List.of(tensor.elements(), 1L));
    }

    /** The same bytes as a tensor of another shape. */
    SafetensorsTensor viewed(SafetensorsTensor tensor, List<Long> as) {
        return new SafetensorsTensor(tensor.name(), tensor.type(), as, tensor.file(), tensor.position(), tensor.length());
    }

    /** The tensor, once its shape is found to be right. */
    SafetensorsTensor expect(SafetensorsTensor tensor, List<Long> wanted) {
        if (!tensor.shape().equals(wanted)) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                    + tensor.name() + " is of shape " + tensor.shape() + ", but by config.json it must be " + wanted);
        }
        return tensor;
    }

    /** Checks the type of a tensor of packed numbers: by its shape it could be wider and misread. */
    void expect(SafetensorsTensor tensor, SafetensorsType wanted) {
        if (tensor.type() != wanted) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                    + tensor.name() + " is of type " + tensor.type() + ", but must be " + wanted
                    + ". Fetch the checkpoint again");
        }
    }

    /** Refuses packed or FP8 numbers where the converter's arithmetic on them is not known here. */
    void requireFloats(SafetensorsTensor tensor) {
        if (!tensor.type().isSourceOfWeights()) {
            throw new InvalidModelException(checkpoint.folder().location() + "/" + tensor.file() + ": tensor "
                    + tensor.name() + " is of type " + tensor.type() + ", but only BF16, F16, F32 and F64 weights can be"
                    + " quantized in this family");
        }
    }
}
