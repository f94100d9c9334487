package io.nightshift.formats.conversion;

import io.nightshift.formats.architecture.TensorRecipe;
import java.util.Comparator;
import java.util.List;

/** The order of tensors in a file of llama-quantize: by layer, then by name (llama-model-loader.h, weight_name_comparer). */
public final class TensorOrder {
    private TensorOrder() {}

    /** The tensors in that order. */
    public static List<TensorRecipe> sorted(List<TensorRecipe> tensors) {
        return tensors.stream()
                .sorted(Comparator.comparingInt(TensorRecipe::layer)
                        .thenComparing(TensorRecipe::name))
                .toList();
    }
}
