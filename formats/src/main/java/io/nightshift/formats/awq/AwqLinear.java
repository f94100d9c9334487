package io.nightshift.formats.awq;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.util.Map;

/**
 * A quantized linear layer of a folder.
 *
 * @param module its name, such as {@code model.layers.0.self_attn.q_proj}
 * @param outputs rows of the matrix
 * @param inputs columns of the matrix
 * @param groupSize inputs a group
 * @param tensors the tensors that stand for it
 */
public record AwqLinear(
        String module, int outputs, int inputs, int groupSize, Map<AwqTensor, SafetensorsTensor> tensors) {
    /** Groups a row. */
    public int groups() {
        return inputs / groupSize;
    }

    /** Bytes that it takes. */
    public long bytes() {
        return tensors.values().stream().mapToLong(SafetensorsTensor::length).sum();
    }
}
