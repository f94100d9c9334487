package io.nightshift.formats.gguf;

import io.nightshift.formats.architecture.TensorRecipe;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The order of tensors in a file of llama-quantize: by layer, then by name (llama-model-loader.h, weight_name_comparer). */
public final class TensorOrder {
    private static final Pattern LAYER = Pattern.compile("^blk\\.(\\d+)\\.");

    private TensorOrder() {}

    /** The tensors in that order. */
    public static List<TensorRecipe> sorted(List<TensorRecipe> tensors) {
        return tensors.stream()
                .sorted(Comparator.<TensorRecipe>comparingInt(tensor -> layer(tensor.name()))
                        .thenComparing(TensorRecipe::name))
                .toList();
    }

    /** The layer of a tensor, -1 where it belongs to none. */
    static int layer(String name) {
        Matcher matcher = LAYER.matcher(name);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : -1;
    }
}
