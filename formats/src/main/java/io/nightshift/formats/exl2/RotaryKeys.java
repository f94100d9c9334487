package io.nightshift.formats.exl2;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The rotary embedding as ExLlamaV2 0.3.2 looks for it (config.py): {@code rope_theta} and {@code rope_scaling}.
 * transformers 5 writes {@code rope_parameters} in their place, of which ExLlamaV2 takes no notice: it would run the model
 * with a base of 10,000 and without scaling, and say nothing.
 */
final class RotaryKeys {
    private static final String PARAMETERS = "rope_parameters";
    private static final String SCALING = "rope_scaling";
    private static final String TYPE = "rope_type";

    private RotaryKeys() {}

    /**
     * Adds them where they are missing.
     *
     * @param config a configuration, or the part of one that is about text; changed in place
     */
    static void add(ObjectNode config) {
        if (config.get("text_config") instanceof ObjectNode text) {
            add(text);
        }
        if (config.get(PARAMETERS) instanceof ObjectNode parameters) {
            // Of layers that differ, ExLlamaV2 has constants for those with a window.
            addOf(parameters.get("full_attention") instanceof ObjectNode full ? full : parameters, config);
        }
        if (config.get(SCALING) instanceof ObjectNode scaling && scaling.has(TYPE) && scaling.has("type")) {
            // It refuses both names together; transformers writes both, and "default" where the older one says more.
            scaling.remove(TYPE);
        }
    }

    private static void addOf(ObjectNode parameters, ObjectNode config) {
        for (String key : new String[] {"rope_theta", "partial_rotary_factor", "original_max_position_embeddings"}) {
            JsonNode value = parameters.path(key);
            if (value.isNumber() && !config.hasNonNull(key)) {
                config.set(key, value);
            }
        }
        boolean scaled = !parameters.path(TYPE).asText("default").equals("default") || parameters.has("mrope_section");
        if (scaled && !config.hasNonNull(SCALING)) {
            ObjectNode scaling = parameters.deepCopy();
            scaling.remove("rope_theta");
            if (scaling.has("mrope_section")) {
                scaling.put(TYPE, "mrope");
            }
            config.set(SCALING, scaling);
        }
    }
}
