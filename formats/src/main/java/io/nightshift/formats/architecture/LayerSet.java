package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;

/** Layers of a model that have something: those of a kind, the extra ones behind the last. */
@FunctionalInterface
interface LayerSet {
    /** Whether a layer is one of them. */
    boolean contains(ModelConfig config, int layer);

    LayerSet ALL = (config, layer) -> true;

    /** Blocks for predicting further tokens, which come behind the layers that {@code num_hidden_layers} counts. */
    LayerSet PREDICTION = (config, layer) -> layer >= config.integer("num_hidden_layers");

    /** Layers that {@code layer_types} calls so. */
    static LayerSet typed(String type) {
        return (config, layer) -> config.layerType(layer).filter(type::equals).isPresent();
    }

    default LayerSet not() {
        return (config, layer) -> !contains(config, layer);
    }

    default LayerSet or(LayerSet other) {
        return (config, layer) -> contains(config, layer) || other.contains(config, layer);
    }

    default LayerSet and(LayerSet other) {
        return (config, layer) -> contains(config, layer) && other.contains(config, layer);
    }
}
