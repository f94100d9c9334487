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

    /**
     * Layers, and as many blocks behind them as a key of the configuration says, unless they are left out.
     *
     * @throws MissingPredictionException when it counts blocks that the checkpoint does not have
     */
    static BlockCount andPrediction(String key) {
        return (config, tensors) -> {
            int layers = layers(config);
            long extra = config.keepsPrediction() ? config.findInteger(key).orElse(0L) : 0;
            boolean stored = tensors.stream().anyMatch(name -> SourceNames.layer(name).orElse(-1) >= layers);
            if (extra > 0 && !stored) {
                throw new MissingPredictionException(config.location() + ": \"" + key + "\" is " + extra
                        + ", but the checkpoint has no tensors of that block (model.layers." + layers
                        + "). Give --no-mtp to leave it out");
            }
            return Math.toIntExact(layers + extra);
        };
    }

    static int layers(ModelConfig config) {
        return (int) Math.min(Integer.MAX_VALUE,
                config.integer("n_layers", "num_hidden_layers", "n_layer", "num_layers"));
    }
}
