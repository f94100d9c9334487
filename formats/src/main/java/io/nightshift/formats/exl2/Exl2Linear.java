package io.nightshift.formats.exl2;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.util.Map;

/**
 * A quantized linear layer of a folder.
 *
 * @param module its name, such as {@code model.layers.0.self_attn.q_proj}
 * @param outputs with their padding
 * @param inputs input channels
 * @param groups groups of channels
 * @param tensors the tensors that stand for it
 */
public record Exl2Linear(
        String module, int outputs, int inputs, int groups, Map<Exl2Tensor, SafetensorsTensor> tensors) {
    /** Bytes that it takes. */
    public long bytes() {
        return tensors.values().stream().mapToLong(SafetensorsTensor::length).sum();
    }
}
