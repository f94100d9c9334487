package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.GgmlType;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The types that a tensor may take in a file whose size is given.
 *
 * @param allowed types that the user allows; empty for the usual ones
 * @param pinned types that the user wants for some tensors; the first match counts
 */
public record TypeChoices(Set<GgmlType> allowed, List<TypeOverride> pinned) {
    /** The option for {@code allowed}. */
    public static final String ALLOW_OPTION = "--allow-types";

    /** The option for {@code pinned}. */
    public static final String PIN_OPTION = "--pin";

    /** Every type of files that people publish, but for those of one bit. */
    private static final List<GgmlType> USUAL = List.of(GgmlType.IQ2_XXS, GgmlType.IQ2_XS, GgmlType.IQ2_S, GgmlType.Q2_K,
            GgmlType.IQ3_XXS, GgmlType.IQ3_S, GgmlType.Q3_K, GgmlType.IQ4_XS, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K,
            GgmlType.Q8_0);

    /** Those whose blocks are small, for rows that are no whole super-blocks. */
    private static final List<GgmlType> SMALL_BLOCKS = List.of(GgmlType.Q4_0, GgmlType.IQ4_NL, GgmlType.Q4_1,
            GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q8_0);

    /**
     * The type that the user wants for a tensor.
     *
     * @param weighted whether there is an importance for it
     * @throws InvalidModelException if the tensor cannot have it
     */
    public Optional<GgmlType> pinned(TensorRecipe tensor, boolean weighted) {
        Optional<GgmlType> wanted = TypeOverride.first(pinned, tensor.name());
        wanted.ifPresent(type -> {
            if (tensor.columns() % type.blockSize() != 0) {
                throw new InvalidModelException(PIN_OPTION + ": rows of " + tensor.name() + " have " + tensor.columns()
                        + " weights, which are not whole blocks of " + type + " (" + type.blockSize()
                        + "); pin it to another type");
            }
            if (!weighted && TypeAssignment.needsImportance(tensor.name(), type)) {
                throw new InvalidModelException(PIN_OPTION + ": " + tensor.name() + " cannot be " + type
                        + ", which needs an importance that this tensor has not; pin it to another type");
            }
        });
        return wanted;
    }

    /**
     * The types of a tensor, those of fewer bits first.
     *
     * @param weighted whether there is an importance for it
     * @param also what a type must fulfil besides
     * @throws InvalidModelException if there is none
     */
    public List<GgmlType> of(TensorRecipe tensor, boolean weighted, Predicate<GgmlType> also) {
        boolean wholeSuperBlocks = tensor.columns() % GgmlType.Q4_K.blockSize() == 0;
        Stream<GgmlType> types = !allowed.isEmpty() ? allowed.stream()
                : wholeSuperBlocks ? USUAL.stream()
                : SMALL_BLOCKS.stream();
        List<GgmlType> found = types
                .filter(type -> tensor.columns() % type.blockSize() == 0)
                .filter(type -> weighted || !TypeAssignment.needsImportance(tensor.name(), type))
                .filter(also)
                .sorted(Comparator.<GgmlType>comparingLong(type -> type.rowBytes(tensor.columns())).thenComparing(type -> type))
                .toList();
        if (found.isEmpty()) {
            throw new InvalidModelException((allowed.isEmpty() ? "" : ALLOW_OPTION + " "
                    + allowed.stream().map(GgmlType::name).sorted().collect(Collectors.joining(",")) + ": ")
                    + tensor.name() + ", with rows of " + tensor.columns()
                    + " weights, can have none of the types; allow another one, such as Q8_0");
        }
        return found;
    }
}
