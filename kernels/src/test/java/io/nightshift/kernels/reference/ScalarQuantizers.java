package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** The scalar quantizer of each type that has one. */
public final class ScalarQuantizers {
    private static final Set<GgmlType> TYPES = EnumSet.noneOf(GgmlType.class);

    private ScalarQuantizers() {}

    /** The types that have a scalar reference. */
    public static Set<GgmlType> types() {
        return Collections.unmodifiableSet(TYPES);
    }

    /** A new scalar quantizer. */
    public static RowQuantizer create(GgmlType type) {
        switch (type) {
            default:
                throw new IllegalArgumentException("no scalar reference of " + type);
        }
    }
}
