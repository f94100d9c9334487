package io.nightshift.formats.gguf;

import io.nightshift.kernels.GgmlType;
import io.nightshift.formats.architecture.TensorRecipe;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Where everything stands in a GGUF file, known before a weight is read.
 *
 * @param dataOffset where the data section starts in the file
 * @param tensors the tensor table, in file order
 */
public record GgufLayout(long dataOffset, List<GgufTensor> tensors) implements Serializable {
    /** Alignment of tensors in every file that we write, GGUF's default. */
    public static final int ALIGNMENT = 32;

    /** The tensor table for tensors of given types, in the order given. */
    public static List<GgufTensor> table(List<TensorRecipe> tensors, List<GgmlType> types) {
        List<GgufTensor> table = new ArrayList<>(tensors.size());
        long offset = 0;
        for (int i = 0; i < tensors.size(); i++) {
            GgufTensor tensor =
                    new GgufTensor(tensors.get(i).name(), significant(tensors.get(i).shape()), types.get(i), offset);
            table.add(tensor);
            offset = padded(Math.addExact(offset, tensor.bytes()));
        }
        return table;
    }

    /** Where a tensor starts in the file. */
    public long position(int tensor) {
        return dataOffset + tensors.get(tensor).offset();
    }

    /** Bytes of a tensor with the padding behind it. */
    public long paddedBytes(int tensor) {
        return padded(tensors.get(tensor).bytes());
    }

    /** Length of the file. */
    public long length() {
        return tensors.isEmpty() ? dataOffset : position(tensors.size() - 1) + paddedBytes(tensors.size() - 1);
    }

    /** Bytes a weight takes in this file on average, in bits, padding left out. */
    public double bitsPerWeight() {
        long bytes = tensors.stream().mapToLong(GgufTensor::bytes).sum();
        long weights = tensors.stream().mapToLong(GgufTensor::weights).sum();
        return 8.0 * bytes / weights;
    }

    /** Trailing dimensions of one are not written. */
    private static List<Long> significant(List<Long> shape) {
        int dimensions = shape.size();
        while (dimensions > 1 && shape.get(dimensions - 1) == 1) {
            dimensions--;
        }
        return List.copyOf(shape.subList(0, dimensions));
    }

    /** Bytes with the padding that makes them a multiple of the alignment. */
    public static long padded(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
