package io.nightshift.formats.types;

import io.nightshift.kernels.GgmlType;
import java.io.Serializable;

/**
 * The type a tensor becomes.
 *
 * @param type its type in the output
 * @param wanted what it would have been if its rows were whole blocks of that; the same as {@code type} mostly
 * @param needsImportance whether the type is so coarse that it is refused without an importance matrix
 */
public record AssignedType(GgmlType type, GgmlType wanted, boolean needsImportance) implements Serializable {
    /** Whether the shape of the tensor forced another type. */
    public boolean isFallback() {
        return type != wanted;
    }
}
