package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Set;

/** How many blocks a model has: its layers, and those for predicting further tokens where they are kept. */
@FunctionalInterface
interface BlockCount {
    /**
     * The number of blocks.
     *
     * @param tensors names in the table of all source tensors that are not left out
     */
    int of(ModelConfig config, Set<String> tensors);

    BlockCount LAYERS = (config, tensors) -> layers(config);

    static int layers(ModelConfig config) {
        return (int) Math.min(Integer.MAX_VALUE,
                config.integer("n_layers", "num_hidden_layers", "n_layer", "num_layers"));
    }
}
