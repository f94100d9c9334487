package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;

/** The sizes that tensors of a model are made of, as the configuration gives them. */
enum Dimension {
    HIDDEN {
        @Override
        long of(ModelConfig config) {
            return config.integer("hidden_size");
        }
    },
    FEED_FORWARD {
        @Override
        long of(ModelConfig config) {
            return config.integer("intermediate_size");
        }
    },
    /** Gate and up projection in one. */
    GATE_AND_UP {
        @Override
        long of(ModelConfig config) {
            return 2 * FEED_FORWARD.of(config);
        }
    },
    EXPERT_FEED_FORWARD {
        @Override
        long of(ModelConfig config) {
            return config.integer("moe_intermediate_size");
        }
    },
    EXPERTS {
        @Override
        long of(ModelConfig config) {
            return config.integer("num_local_experts", "num_experts");
        }
    },
    VOCABULARY {
        @Override
        long of(ModelConfig config) {
            return config.integer("vocab_size");
        }
    },
    /** Channels of one attention head. */
    HEAD {
        @Override
        long of(ModelConfig config) {
            return config.findInteger("head_dim")
                    .orElseGet(() -> HIDDEN.of(config) / Math.max(1, config.integer("num_attention_heads")));
        }
    },
    QUERY {
        @Override
        long of(ModelConfig config) {
            return Math.multiplyExact(config.integer("num_attention_heads"), HEAD.of(config));
        }
    },
    /** Keys, and as many values. */
    KEY {
        @Override
        long of(ModelConfig config) {
            long heads = config.findInteger("num_key_value_heads")
                    .orElseGet(() -> config.integer("num_attention_heads"));
            return Math.multiplyExact(heads, HEAD.of(config));
        }
    },
    /** Queries, keys and values in one. */
    QUERY_KEY_VALUE {
        @Override
        long of(ModelConfig config) {
            return Math.addExact(QUERY.of(config), Math.multiplyExact(2, KEY.of(config)));
        }
    };

    abstract long of(ModelConfig config);
}
