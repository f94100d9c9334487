package io.nightshift.formats.exl2;

import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.exl2.PackedLinear;
import java.util.List;
import java.util.stream.Stream;

/** The tensors that stand for one quantized linear layer. */
public enum Exl2Tensor {
    /** Values, [rows of words, outputs]. */
    Q_WEIGHT("q_weight", SafetensorsType.I32),
    /** Codes of scales, [groups, outputs / 8]. */
    Q_SCALE("q_scale", SafetensorsType.I32),
    /** Place of each channel in activation order, [inputs]. */
    Q_INVPERM("q_invperm", SafetensorsType.I32),
    /** Bits and first row of words of each group, [2 * groups]. */
    Q_GROUPS("q_groups", SafetensorsType.I16),
    /** The maximum of each group's scales, [groups]. */
    Q_SCALE_MAX("q_scale_max", SafetensorsType.F16);

    private final String suffix;
    private final SafetensorsType type;

    Exl2Tensor(String suffix, SafetensorsType type) {
        this.suffix = suffix;
        this.type = type;
    }

    /** Its full name in a module. */
    public String name(String module) {
        return module + "." + suffix;
    }

    /**
     * Its type and shape.
     *
     * @param outputs with their padding
     */
    public TensorSpec spec(String module, long inputs, long outputs, long groups, long packedRows) {
        List<Long> shape = switch (this) {
            case Q_WEIGHT -> List.of(packedRows, outputs);
            case Q_SCALE -> List.of(groups, outputs / 8);
            case Q_INVPERM -> List.of(inputs);
            case Q_GROUPS -> List.of(2 * groups);
            case Q_SCALE_MAX -> List.of(groups);
        };
        return new TensorSpec(name(module), type, shape);
    }

    /**
     * All tensors of a layer in the order of their bytes. The last two may end off a multiple of 8 bytes, so that what follows
     * is not aligned: loaders of safetensors copy such tensors.
     *
     * @param outputs without padding
     */
    static List<TensorSpec> all(String module, long outputs, GroupLayout layout) {
        long padded = PackedLinear.paddedOutputs(outputs);
        return Stream.of(values())
                .map(tensor -> tensor.spec(module, layout.channels(), padded, layout.groups().size(), layout.packedRows()))
                .toList();
    }
}
