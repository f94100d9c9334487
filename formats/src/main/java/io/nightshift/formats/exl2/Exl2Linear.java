package io.nightshift.formats.exl2;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A quantized linear layer of a folder.
 *
 * @param module its name, such as {@code model.layers.0.self_attn.q_proj}
 * @param outputs with their padding
 * @param inputs input channels
 * @param tensors the tensors that stand for it
 */
public record Exl2Linear(String module, int outputs, int inputs, Map<Exl2Tensor, SafetensorsTensor> tensors) {
    /** A layer of which the tensors are known, in the order of {@link Exl2Tensor}. */
    static Exl2Linear of(String module, List<SafetensorsTensor> tensors) {
        Map<Exl2Tensor, SafetensorsTensor> byKind = Stream.of(Exl2Tensor.values())
                .collect(Collectors.toMap(Function.identity(), kind -> tensors.get(kind.ordinal())));
        return new Exl2Linear(module, Math.toIntExact(byKind.get(Exl2Tensor.Q_WEIGHT).columns()),
                Math.toIntExact(byKind.get(Exl2Tensor.Q_INVPERM).elements()), byKind);
    }

    /** Bytes that it takes. */
    long bytes() {
        return tensors.values().stream().mapToLong(SafetensorsTensor::length).sum();
    }
}
