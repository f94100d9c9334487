package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The quantizer of each type. */
public final class Quantizers {
    /** Changes whenever any quantizer changes the bytes it makes: a file made with another version is made again. */
    public static final String BYTES_VERSION = "1";

    /** All that hold weights: what {@link #create} knows. */
    private static final Set<GgmlType> TYPES = EnumSet.complementOf(
            EnumSet.of(GgmlType.I8, GgmlType.I16, GgmlType.I32, GgmlType.I64, GgmlType.F64));

    private Quantizers() {}

    /** The types that can be made. */
    public static Set<GgmlType> types() {
        return Collections.unmodifiableSet(TYPES);
    }

    /**
     * A new quantizer, to be used by one thread.
     *
     * @throws IllegalArgumentException if no quantizer makes this type
     */
    public static RowQuantizer create(GgmlType type) {
        return switch (type) {
            case F32 -> new F32Quantizer();
            case F16 -> new F16Quantizer();
            case BF16 -> new BF16Quantizer();
            case Q8_0 -> new Q80Quantizer();
            case Q4_0 -> new SymmetricBlockQuantizer(type, 8);
            case Q4_1 -> new AffineBlockQuantizer(type, 15);
            case Q5_0 -> new SymmetricBlockQuantizer(type, 16);
            case Q5_1 -> new AffineBlockQuantizer(type, 31);
            case Q2_K -> new Q2KQuantizer();
            case Q3_K -> new Q3KQuantizer();
            case Q4_K -> new Q4KQuantizer();
            case Q5_K -> new Q5KQuantizer();
            case Q6_K -> new Q6KQuantizer();
            case IQ1_S -> new IQ1SQuantizer();
            case IQ1_M -> new IQ1MQuantizer();
            case IQ2_XXS -> new IQ2XXSQuantizer();
            case IQ2_XS -> new IQ2XSQuantizer();
            case IQ2_S -> new IQ2SQuantizer();
            case IQ3_XXS -> new IQ3XXSQuantizer();
            case IQ3_S -> new IQ3SQuantizer();
            case IQ4_NL -> new IQ4NLQuantizer();
            case IQ4_XS -> new IQ4XSQuantizer();
            case TQ1_0 -> new TQ10Quantizer();
            case TQ2_0 -> new TQ20Quantizer();
            case MXFP4 -> new MXFP4Quantizer();
            case Q1_0 -> new Q10Quantizer();
            case Q2_0 -> new Q20Quantizer();
            default -> throw new IllegalArgumentException("no quantizer makes " + type);
        };
    }
}
