package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;

/** The dequantizer of each type. */
public final class Dequantizers {
    private Dequantizers() {}

    /**
     * The dequantizer of a type.
     *
     * @throws IllegalArgumentException if the type has no weights to give back (integers, F64)
     */
    public static RowDequantizer of(GgmlType type) {
        return switch (type) {
            case F32 -> new F32Dequantizer();
            default -> throw new IllegalArgumentException("no dequantizer reads " + type);
        };
    }
}
