package io.nightshift.formats.types;

import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Optional;

/**
 * The options of llama-quantize that change which type a tensor becomes.
 *
 * @param pure no mixture: every tensor becomes the default type
 * @param leaveOutputTensor the output projection stays as converted
 * @param outputTensorType type of the output projection
 * @param tokenEmbeddingType type of the token embedding
 * @param overrides first match wins
 * @param importance whether there is an importance matrix
 */
public record TypeOptions(
        boolean pure,
        boolean leaveOutputTensor,
        Optional<GgmlType> outputTensorType,
        Optional<GgmlType> tokenEmbeddingType,
        List<TypeOverride> overrides,
        boolean importance) {
    /** No option given. */
    public static final TypeOptions NONE =
            new TypeOptions(false, false, Optional.empty(), Optional.empty(), List.of(), false);

    /** These options where there is an importance matrix. */
    public TypeOptions withImportance() {
        return new TypeOptions(pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, overrides, true);
    }

    /** These options with other overrides. */
    public TypeOptions with(List<TypeOverride> others) {
        return new TypeOptions(pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, List.copyOf(others), importance);
    }

    Optional<GgmlType> override(String tensor) {
        return TypeOverride.first(overrides, tensor);
    }
}
