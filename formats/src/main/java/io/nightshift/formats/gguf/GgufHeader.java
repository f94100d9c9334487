package io.nightshift.formats.gguf;

import java.util.List;

/**
 * Everything of a GGUF file that comes before its tensor data (version 3, little-endian).
 *
 * @param metadata key-value pairs, in file order
 * @param tensors the tensor table, in file order
 */
public record GgufHeader(GgufMetadata metadata, List<GgufTensor> tensors) {
    static final int MAGIC = 0x46554747;
    static final int VERSION = 3;

    /** Its bytes, padded so that the data section can follow. */
    public byte[] toBytes() {
        GgufOutput out = new GgufOutput();
        out.int32(MAGIC);
        out.int32(VERSION);
        out.int64(tensors.size());
        out.int64(metadata.values().size());
        metadata.values().forEach((key, value) -> {
            out.string(key);
            out.typedValue(value);
        });
        for (GgufTensor tensor : tensors) {
            out.string(tensor.name());
            out.int32(tensor.shape().size());
            tensor.shape().forEach(out::int64);
            out.int32(tensor.type().id());
            out.int64(tensor.offset());
        }
        out.align(GgufLayout.ALIGNMENT);
        return out.toByteArray();
    }
}
