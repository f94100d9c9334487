package io.nightshift.jobs.rounding;

import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.encoding.ScaleType;

/** How an output stores the weights of norms. */
public enum NormStorage {
    /** In F32, which holds any quotient as well as the model can use it: GGUF. */
    SINGLE {
        @Override
        ScaleType stored(SafetensorsType source) {
            return ScaleType.F32;
        }
    },
    /** In half precision: EXL2. */
    HALF {
        @Override
        ScaleType stored(SafetensorsType source) {
            return ScaleType.F16;
        }
    },
    /** In the type that they have: AWQ. */
    AS_IN_SOURCE {
        @Override
        ScaleType stored(SafetensorsType source) {
            return switch (source) {
                case F16 -> ScaleType.F16;
                case BF16 -> ScaleType.BF16;
                default -> ScaleType.F32;
            };
        }
    };

    /** What a weight is rounded to. */
    abstract ScaleType stored(SafetensorsType source);
}
