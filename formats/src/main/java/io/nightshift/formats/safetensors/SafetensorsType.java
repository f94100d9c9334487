package io.nightshift.formats.safetensors;

import io.nightshift.kernels.GgmlType;
import java.util.Optional;

/** Element types of safetensors, with their size in bits (F4 types are less than a byte). */
public enum SafetensorsType {
    F64(64),
    F32(32),
    F16(16),
    BF16(16),
    F8_E5M2(8),
    F8_E4M3(8),
    F8_E8M0(8),
    F4(4),
    F6_E2M3(6),
    F6_E3M2(6),
    I64(64),
    I32(32),
    I16(16),
    I8(8),
    U64(64),
    U32(32),
    U16(16),
    U8(8),
    C64(64),
    BOOL(8);

    private final int bits;

    SafetensorsType(int bits) {
        this.bits = bits;
    }

    /** Bits an element. */
    public int bits() {
        return bits;
    }

    /** The type of ggml that has the same bytes: of BF16, F16 and F32. */
    public Optional<GgmlType> ggml() {
        return switch (this) {
            case BF16 -> Optional.of(GgmlType.BF16);
            case F16 -> Optional.of(GgmlType.F16);
            case F32 -> Optional.of(GgmlType.F32);
            default -> Optional.empty();
        };
    }

    /** Whether quantization starts from this type: BF16, F16, F32, or F64, which is rounded to F32 first. */
    public boolean isSourceOfWeights() {
        return isFloat() || this == F64;
    }

    /** Whether it is one of the types that models are run in: BF16, F16 or F32. */
    public boolean isFloat() {
        return this == BF16 || this == F16 || this == F32;
    }
}
