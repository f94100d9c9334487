package io.nightshift.formats.awq;

import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import java.util.List;

/** The tensors that stand for one quantized linear layer. */
public enum AwqTensor {
    /** Values, [inputs, outputs / 8]. */
    QWEIGHT("qweight"),
    /** Zero points, [groups, outputs / 8]. */
    QZEROS("qzeros"),
    /** Scales, [groups, outputs]. */
    SCALES("scales"),
    /** Values, [outputs, inputs / 8]. */
    WEIGHT_PACKED("weight_packed"),
    /** Outputs and inputs, [2]. */
    WEIGHT_SHAPE("weight_shape"),
    /** Scales, [outputs, groups]. */
    WEIGHT_SCALE("weight_scale"),
    /** Zero points, [outputs / 8, groups]. */
    WEIGHT_ZERO_POINT("weight_zero_point");

    private final String suffix;

    AwqTensor(String suffix) {
        this.suffix = suffix;
    }

    /** The tensors of a layer in the order of their bytes: those that may be no multiple of 8 bytes come last. */
    static List<AwqTensor> of(AwqFormat format, boolean symmetric) {
        if (format == AwqFormat.GEMM) {
            return List.of(QWEIGHT, SCALES, QZEROS);
        }
        return symmetric
                ? List.of(WEIGHT_PACKED, WEIGHT_SHAPE, WEIGHT_SCALE)
                : List.of(WEIGHT_PACKED, WEIGHT_SHAPE, WEIGHT_SCALE, WEIGHT_ZERO_POINT);
    }

    /** Its full name in a module. */
    String name(String module) {
        return module + "." + suffix;
    }

    TensorSpec spec(String module, long outputs, long inputs, long groups, SafetensorsType scaleType) {
        String name = name(module);
        return switch (this) {
            case QWEIGHT -> new TensorSpec(name, SafetensorsType.I32, List.of(inputs, outputs / 8));
            case QZEROS -> new TensorSpec(name, SafetensorsType.I32, List.of(groups, outputs / 8));
            case SCALES -> new TensorSpec(name, scaleType, List.of(groups, outputs));
            case WEIGHT_PACKED -> new TensorSpec(name, SafetensorsType.I32, List.of(outputs, inputs / 8));
            case WEIGHT_SHAPE -> new TensorSpec(name, SafetensorsType.I64, List.of(2L));
            case WEIGHT_SCALE -> new TensorSpec(name, scaleType, List.of(outputs, groups));
            case WEIGHT_ZERO_POINT -> new TensorSpec(name, SafetensorsType.I32, List.of(outputs / 8, groups));
        };
    }

    /** How often a block of outputs occurs in the tensor: once a row of it where outputs are its columns. */
    int runs(int inputs, int groups) {
        return switch (this) {
            case QWEIGHT -> inputs;
            case QZEROS, SCALES -> groups;
            default -> 1;
        };
    }
}
