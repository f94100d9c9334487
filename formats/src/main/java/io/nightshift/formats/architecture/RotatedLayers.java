package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Optional;

/** Which layers of a family know positions by a rotary embedding; the others know them by what they may see alone. */
public enum RotatedLayers {
    /** All. */
    ALL {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            return true;
        }
    },
    /** None: Nemotron 3. */
    NONE {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            return false;
        }
    },
    /** Those with a 1 in {@code no_rope_layers}; without it all but each {@code no_rope_layer_interval}-th: SmolLM3. */
    LISTED {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            Optional<JsonNode> listed = config.find("no_rope_layers").filter(list -> !list.isNull());
            if (listed.isEmpty()) {
                long interval = config.findInteger("no_rope_layer_interval").orElse(4L);
                return interval == 0 || (layer + 1) % interval != 0;
            }
            JsonNode element = listed.get().path(layer);
            if (!element.isIntegralNumber() && !element.isBoolean()) {
                throw new InvalidModelException(config.location() + ": \"no_rope_layers\" must have a 0 or a 1 for each"
                        + " layer, but has " + (element.isMissingNode() ? "nothing" : element) + " for layer " + layer);
            }
            return element.asInt() != 0 || element.asBoolean();
        }
    },
    /** Those with a window, where layers have one at all: EXAONE 4. */
    WITH_WINDOW {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            return config.findInteger("sliding_window").isEmpty() || WindowPattern.LISTED.slides(config, layer);
        }
    },
    /** All where {@code position_embedding_type} says so, else none: Granite 4. */
    BY_EMBEDDING_TYPE {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            return config.find("position_embedding_type").filter(type -> type.asText().equals("rope")).isPresent();
        }
    },
    /** Those with a window: Cohere 2. */
    ALL_BUT_EACH_FOURTH {
        @Override
        public boolean contains(ModelConfig config, int layer) {
            return WindowPattern.ALL_BUT_EACH_FOURTH.slides(config, layer);
        }
    };

    /** Whether a layer is among them. */
    public abstract boolean contains(ModelConfig config, int layer);
}
