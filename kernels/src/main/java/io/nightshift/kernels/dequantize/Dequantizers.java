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
            case F16 -> new F16Dequantizer();
            case BF16 -> new BF16Dequantizer();
            case Q8_0 -> new Q8_0Dequantizer();
            case Q4_0 -> new Q4_0Dequantizer();
            case Q4_1 -> new Q4_1Dequantizer();
            case Q5_0 -> new Q5_0Dequantizer();
            case Q5_1 -> new Q5_1Dequantizer();
            case Q2_K -> new Q2_KDequantizer();
            case Q3_K -> new Q3_KDequantizer();
            case Q4_K -> new Q4_KDequantizer();
            case Q5_K -> new Q5_KDequantizer();
            case Q6_K -> new Q6_KDequantizer();
            case IQ4_NL -> new IQ4_NLDequantizer();
            case IQ4_XS -> new IQ4_XSDequantizer();
            case IQ3_XXS -> new IQ3_XXSDequantizer();
            case IQ3_S -> new IQ3_SDequantizer();
            case IQ2_XXS -> new IQ2_XXSDequantizer();
            case IQ2_XS -> new IQ2_XSDequantizer();
            case IQ2_S -> new IQ2_SDequantizer();
            case IQ1_S -> new IQ1_SDequantizer();
            case IQ1_M -> new IQ1_MDequantizer();
            case TQ1_0 -> new TQ1_0Dequantizer();
            case TQ2_0 -> new TQ2_0Dequantizer();
            case MXFP4 -> new MXFP4Dequantizer();
            case Q1_0 -> new Q1_0Dequantizer();
            case Q2_0 -> new Q2_0Dequantizer();
            default -> throw new IllegalArgumentException("no dequantizer reads " + type);
        };
    }
}
