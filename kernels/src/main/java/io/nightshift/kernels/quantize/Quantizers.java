package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The quantizer of each type. */
public final class Quantizers {
    /** Changes whenever any quantizer changes the bytes it makes: a file made with another version is made again. */
    public static final String BYTES_VERSION = "1";

    private static final Set<GgmlType> TYPES = EnumSet.of(
            GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0,
            GgmlType.Q5_1, GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K,
            GgmlType.IQ4_NL, GgmlType.IQ4_XS);

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
            case IQ4_NL -> new IQ4NLQuantizer();
            case IQ4_XS -> new IQ4XSQuantizer();
            default -> throw new IllegalArgumentException("no quantizer makes " + type);
        };
    }
}
