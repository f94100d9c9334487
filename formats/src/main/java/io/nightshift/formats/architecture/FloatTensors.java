package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of a checkpoint for formats that store them under their own names, and know nothing of FP8. */
public final class FloatTensors {
    private FloatTensors() {}

    /**
     * All tensors in their order, whole. Those in FP8 are dequantized; their factors, which have done their work then, and
     * scales of activations are left out.
     *
     * @throws io.nightshift.formats.InvalidModelException if an FP8 tensor has no factors, or too many or too few
     */
    public static List<SourceRows> of(Checkpoint checkpoint) {
        Map<String, SafetensorsTensor> byName = new LinkedHashMap<>();
        checkpoint.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
        QuantizedSources quantized = new QuantizedSources(checkpoint, byName, new ArrayList<>());
        return byName.values().stream()
                .filter(tensor -> !quantized.isUsed(tensor.name()))
                .map(tensor -> quantized.dequantized(SourceRows.whole(tensor)))
                .toList();
    }

    /** The type that a source tensor is stored in: BF16 if it was FP8. */
    public static SafetensorsType type(SourceRows rows) {
        return rows.elements() instanceof ElementForm.Scaled ? SafetensorsType.BF16 : rows.tensor().type();
    }
}
