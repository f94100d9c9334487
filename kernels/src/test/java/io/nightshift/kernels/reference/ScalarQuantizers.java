package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The scalar quantizer of each type that has one. */
public final class ScalarQuantizers {
    private static final Set<GgmlType> TYPES = EnumSet.of(
            GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1,
            GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K,
            GgmlType.IQ1_S, GgmlType.IQ1_M, GgmlType.IQ2_XXS, GgmlType.IQ2_XS, GgmlType.IQ2_S, GgmlType.IQ3_XXS,
            GgmlType.IQ3_S, GgmlType.IQ4_NL, GgmlType.IQ4_XS,
            GgmlType.TQ1_0, GgmlType.TQ2_0, GgmlType.Q1_0, GgmlType.Q2_0, GgmlType.MXFP4);

    private ScalarQuantizers() {}

    /** The types that have a scalar reference. */
    public static Set<GgmlType> types() {
        return Collections.unmodifiableSet(TYPES);
    }

    /** A new scalar quantizer. */
    public static RowQuantizer create(GgmlType type) {
        return switch (type) {
            case F16, BF16 -> new ScalarHalfQuantizer(type);
            case Q8_0 -> new ScalarQ80();
            case Q4_0, Q4_1, Q5_0, Q5_1 -> new ScalarLevelBlock(type);
            case Q2_K -> new ScalarQ2K();
            case Q3_K -> new ScalarQ3K();
            case Q4_K -> new ScalarQ4K();
            case Q5_K -> new ScalarQ5K();
            case Q6_K -> new ScalarQ6K();
            case IQ1_S, IQ1_M -> new ScalarIQ1(type);
            case IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S -> new ScalarMagnitudes(type);
            case IQ4_NL, IQ4_XS -> new ScalarNonlinear(type);
            case TQ1_0, TQ2_0, Q2_0 -> new ScalarTernary(type);
            case Q1_0 -> new ScalarQ10();
            case MXFP4 -> new ScalarMXFP4();
            default -> throw new IllegalArgumentException("no scalar reference of " + type);
        };
    }
}
