package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.function.ToLongFunction;

/** A size that tensors of a model are made of, as the configuration gives it: one for the model, or one a layer. */
@FunctionalInterface
interface Dimension {
    /** The size in a layer, counted from 0. */
    long of(ModelConfig config, int layer);

    /** A size that all layers have, that of the first else. */
    default long of(ModelConfig config) {
        return of(config, 0);
    }

    Dimension HIDDEN = key("hidden_size");

    Dimension FEED_FORWARD = key("intermediate_size");

    /** Gate and up projection in one. */
    Dimension GATE_AND_UP = FEED_FORWARD.times(2);

    Dimension EXPERT_FEED_FORWARD = key("moe_intermediate_size");

    Dimension EXPERTS = key("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");

    Dimension VOCABULARY = key("vocab_size");

    Dimension HEADS = key("num_attention_heads");

    Dimension KEY_HEADS = ofModel(config -> config.findInteger("num_key_value_heads")
            .orElseGet(() -> config.integer("num_attention_heads")));

    /** Channels of one attention head. */
    Dimension HEAD = ofModel(config -> config.findInteger("head_dim")
            .orElseGet(() -> HIDDEN.of(config) / Math.max(1, config.integer("num_attention_heads"))));

    Dimension QUERY = HEADS.times(HEAD);

    /** Keys, and as many values. */
    Dimension KEY = KEY_HEADS.times(HEAD);

    /** Queries, keys and values in one. */
    Dimension QUERY_KEY_VALUE = QUERY.plus(KEY.times(2));

    Dimension ONE = constant(1);

    /** The first of some keys that is present; it must be. */
    static Dimension key(String... keys) {
        return ofModel(config -> config.integer(keys));
    }

    /** A size that does not hang on the layer. */
    static Dimension ofModel(ToLongFunction<ModelConfig> size) {
        return (config, layer) -> size.applyAsLong(config);
    }

    static Dimension constant(long size) {
        return (config, layer) -> size;
    }

    default Dimension times(long factor) {
        return times(constant(factor));
    }

    default Dimension times(Dimension other) {
        return (config, layer) -> Math.multiplyExact(of(config, layer), other.of(config, layer));
    }

    /** Divided, without a rest; by 1 where the divisor is 0. */
    default Dimension dividedBy(Dimension other) {
        return (config, layer) -> of(config, layer) / Math.max(1, other.of(config, layer));
    }

    default Dimension plus(Dimension other) {
        return (config, layer) -> Math.addExact(of(config, layer), other.of(config, layer));
    }
}
