package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Optional;

/**
 * Which layers of a family attend within a sliding window ({@code layer_types} and {@code sliding_window} of
 * transformers' configuration classes).
 */
public enum WindowPattern {
    /** None: Llama. */
    NONE {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return false;
        }
    },
    /** All, where a window is given: Mixtral, Phi. */
    ALL {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return true;
        }
    },
    /** All, also where the configuration does not speak of it: Mistral, whose window is 4096 then. */
    ALL_BY_DEFAULT {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return true;
        }

        @Override
        Optional<Long> size(ModelConfig config) {
            return config.has("sliding_window") ? super.size(config) : Optional.of(4096L);
        }
    },
    /** All, where the configuration says that the window is used: Qwen3-MoE. */
    ALL_IF_USED {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return config.flag("use_sliding_window");
        }
    },
    /** Those from {@code max_window_layers} on, where the configuration says that the window is used: Qwen 2 and 3. */
    LATER_IF_USED {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return config.flag("use_sliding_window")
                    && listed(config, layer).orElse(layer >= config.findInteger("max_window_layers").orElse(28L));
        }
    },
    /** Every other one, the first among them: Gemma 2. */
    ALTERNATING {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return listed(config, layer).orElse(layer % 2 == 0);
        }
    },
    /** All but each {@code sliding_window_pattern}-th: Gemma 3. */
    ALL_BUT_EACH_NTH {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            long pattern = config.findInteger("sliding_window_pattern", "_sliding_window_pattern").orElse(6L);
            return listed(config, layer).orElse(pattern == 0 || (layer + 1) % pattern != 0);
        }
    },
    /** All but each {@code sliding_window_pattern}-th, that is each fourth where it is missing: Cohere 2. */
    ALL_BUT_EACH_FOURTH {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            long pattern = config.findInteger("sliding_window_pattern", "_sliding_window_pattern").orElse(4L);
            return listed(config, layer).orElse(pattern == 0 || (layer + 1) % pattern != 0);
        }
    },
    /** Those that {@code layer_types} says, where there is a window: OLMo 2 and 3, EXAONE 4. */
    LISTED {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return size(config).isPresent() && listed(config, layer).orElse(false);
        }
    },
    /** Those that {@code layer_types} says, where the configuration says that the window is used: SmolLM3. */
    LISTED_IF_USED {
        @Override
        public boolean slides(ModelConfig config, int layer) {
            return config.flag("use_sliding_window") && size(config).isPresent()
                    && listed(config, layer).orElse(!RotatedLayers.LISTED.contains(config, layer));
        }
    };

    private static final String SLIDING = "sliding_attention";

    /** Whether a layer attends within a window, whatever its size. */
    public abstract boolean slides(ModelConfig config, int layer);

    Optional<Long> size(ModelConfig config) {
        return config.findInteger("sliding_window")
                .or(() -> this == LATER_IF_USED || this == ALL_IF_USED ? Optional.of(4096L) : Optional.empty());
    }

    /** Positions that a token sees in a layer, its own included; 0 for all before it. */
    public int window(ModelConfig config, int layer) {
        if (!slides(config, layer)) {
            return 0;
        }
        return (int) Math.min(Integer.MAX_VALUE, size(config).orElse(0L));
    }

    private static Optional<Boolean> listed(ModelConfig config, int layer) {
        return config.layerType(layer).map(SLIDING::equals);
    }
}
