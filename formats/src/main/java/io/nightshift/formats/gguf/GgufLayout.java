package io.nightshift.formats.gguf;

import java.io.Serializable;
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

    /** Bytes with the padding that makes them a multiple of the alignment. */
    public static long padded(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
