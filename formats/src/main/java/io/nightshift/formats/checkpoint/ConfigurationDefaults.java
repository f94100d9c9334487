package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the configuration classes of transformers (5.18, {@code AutoConfig.from_pretrained(...).to_dict()}) make of a
 * {@code config.json}: the converter sees their result, not the file, so a key that the file leaves out is written all
 * the same. Only the keys that the converter asks for are here.
 */
final class ConfigurationDefaults {
    private static final JsonNode BY_MODEL_TYPE = load();

    /** Where a head's size that is missing or null follows from the hidden size. */
    private static final Set<String> DERIVED_HEAD_DIM = Set.of("llama", "mistral", "arcee", "cohere2");

    /** Where what the class calls a head's size is the size of its rotated part. */
    private static final Set<String> HEAD_DIM_IS_ROTATED = Set.of("deepseek_v2", "deepseek_v3");

    /** Where global layers and those with a window have a rotation of their own. */
    private static final Set<String> ROPE_BY_LAYER_TYPE = Set.of("gemma3_text", "olmo3");

    private static final Map<String, String> NEMOTRON_LAYERS = Map.of("M", "linear_attention", "mamba", "linear_attention",
            "*", "full_attention", "attention", "full_attention", "E", "moe", "-", "mlp");

    /** Which layers attend to everything where {@code layer_types} is missing. */
    private record LayerTypes(String key, int every, String others, boolean lastIsFull) {}

    private static final Map<String, LayerTypes> EACH_NTH_IS_FULL = Map.of(
            "qwen3_next", new LayerTypes("full_attention_interval", 4, "linear_attention", false),
            "qwen3_5_text", new LayerTypes("full_attention_interval", 4, "linear_attention", false),
            "qwen3_5_moe_text", new LayerTypes("full_attention_interval", 4, "linear_attention", false),
            "exaone4", new LayerTypes("sliding_window_pattern", 4, "sliding_attention", false),
            "olmo3", new LayerTypes("", 4, "sliding_attention", false),
            "gemma4_text", new LayerTypes("", 6, "sliding_attention", true),
            "gemma4_unified_text", new LayerTypes("", 6, "sliding_attention", true));

    /** Keys of a class's first releases, which come before those of today. */
    private static final Map<String, Map<String, String>> OTHER_KEYS = Map.of(
            "lfm2", Map.of("tie_embedding", "tie_word_embeddings", "block_ff_dim", "intermediate_size"),
            "lfm2_moe", Map.of("tie_embedding", "tie_word_embeddings"));

    private ConfigurationDefaults() {}

    /** Completes the keys of a configuration, in place; one of an unknown model type stays as it is. */
    static void complete(ObjectNode config) {
        String modelType = config.path("model_type").asText();
        JsonNode defaults = BY_MODEL_TYPE.get(modelType);
        if (defaults == null) {
            return;
        }
        if (config.has("num_experts")) {
            config.set("num_local_experts", config.get("num_experts"));
        }
        boolean rope = config.hasNonNull("rope_parameters") || config.hasNonNull("rope_scaling") || config.has("rope_theta");
        defaults.properties().forEach(entry -> {
            if (entry.getKey().equals("rope_parameters") && rope) {
                return;
            }
            if (!config.has(entry.getKey())) {
                config.set(entry.getKey(), entry.getValue());
            }
        });
        if (config.path("num_key_value_heads").isNull() || !config.has("num_key_value_heads")) {
            config.set("num_key_value_heads", config.get("num_attention_heads"));
        }
        long heads = config.path("num_attention_heads").asLong();
        boolean noHeadDim = !config.has("head_dim") || config.get("head_dim").isNull();
        if (DERIVED_HEAD_DIM.contains(modelType) && noHeadDim && heads > 0) {
            config.put("head_dim", config.path("hidden_size").asLong() / heads);
        }
        if (HEAD_DIM_IS_ROTATED.contains(modelType)) {
            config.set("head_dim", config.get("qk_rope_head_dim"));
        }
        if (modelType.equals("glm4_moe_lite")) {
            // Another name of the size of the rotated part.
            config.remove("head_dim");
        }
        if (EACH_NTH_IS_FULL.containsKey(modelType) && !config.path("layer_types").isArray()) {
            layerTypes(config, EACH_NTH_IS_FULL.get(modelType));
        }
        if (modelType.equals("nemotron_h")) {
            nemotronLayers(config);
        }
        if (modelType.equals("lfm2") && !config.path("layer_types").isArray()) {
            layersByAttention(config);
        }
        if (OTHER_KEYS.containsKey(modelType)) {
            OTHER_KEYS.get(modelType).forEach((other, key) -> {
                if (config.has(other)) {
                    config.set(key, config.get(other));
                }
            });
        }
        if (modelType.equals("gemma3_text") && config.path("use_bidirectional_attention").asBoolean()) {
            // Halved when it is read, doubled when it is written.
            config.put("sliding_window", config.get("sliding_window").asLong() / 2 * 2);
        }
        config.set("rope_parameters", rope(modelType, config));
        config.remove("rope_scaling");
    }

    private static void layerTypes(ObjectNode config, LayerTypes rule) {
        long layers = config.path("num_hidden_layers").asLong();
        long every = config.path(rule.key()).asLong(rule.every());
        ArrayNode types = config.putArray("layer_types");
        for (int layer = 0; layer < layers; layer++) {
            boolean full = every > 0 && (layer + 1) % every == 0 || rule.lastIsFull() && layer == layers - 1;
            types.add(full ? "full_attention" : rule.others());
        }
    }

    /** Lfm2Config: the numbers of layers with attention, all where they are missing; the others are convolutions. */
    private static void layersByAttention(ObjectNode config) {
        Set<Long> attention = new HashSet<>();
        config.path("full_attn_idxs").forEach(layer -> attention.add(layer.asLong()));
        boolean all = !config.path("full_attn_idxs").isArray();
        ArrayNode types = config.putArray("layer_types");
        for (long layer = 0; layer < config.path("num_hidden_layers").asLong(); layer++) {
            types.add(all || attention.contains(layer) ? "full_attention" : "conv");
        }
    }

    /** NemotronHConfig: layers by letters or by names, older names among them, and as many of them as there are. */
    private static void nemotronLayers(ObjectNode config) {
        List<String> types = new ArrayList<>();
        if (config.path("layers_block_type").isArray()) {
            config.get("layers_block_type").forEach(type -> types.add(type.asText()));
        } else {
            config.path("hybrid_override_pattern").asText("").chars()
                    .forEach(letter -> types.add(Character.toString(letter)));
        }
        ArrayNode named = config.putArray("layers_block_type");
        types.forEach(type -> named.add(NEMOTRON_LAYERS.getOrDefault(type, type)));
        config.remove("hybrid_override_pattern");
        config.put("num_hidden_layers", types.size());
    }

    private static ObjectNode rope(String modelType, ObjectNode config) {
        if (config.path("rope_parameters").path("full_attention").isObject()) {
            return (ObjectNode) config.get("rope_parameters");
        }
        return ROPE_BY_LAYER_TYPE.contains(modelType) ? ropeByLayerType(config) : ropeOfAllLayers(modelType, config);
    }

    /** RotaryEmbeddingConfigMixin.convert_rope_params_to_dict, for parameters that hold for all layers. */
    private static ObjectNode ropeOfAllLayers(String modelType, ObjectNode config) {
        ObjectNode rope = config.objectNode();
        for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
            if (config.path(key).isObject() && !config.path(key).isEmpty()) {
                rope = config.get(key).deepCopy();
                break;
            }
        }
        putIfAbsent(rope, "rope_theta", config.get("rope_theta"));
        putIfAbsent(rope, "partial_rotary_factor", config.get("partial_rotary_factor"));
        putIfAbsent(rope, "rope_type", rope.get("type"));
        putIfAbsent(rope, "rope_type", config.textNode("default"));
        String type = rope.get("rope_type").asText();
        if (Set.of("llama3", "yarn", "longrope").contains(type)) {
            // Only Phi-3's class knows the key at the root.
            if (modelType.equals("phi3")) {
                rope.set("original_max_position_embeddings", config.get("original_max_position_embeddings"));
            } else {
                putIfAbsent(rope, "original_max_position_embeddings", config.get("max_position_embeddings"));
            }
        }
        // The names that Phi-3's first releases used.
        if (modelType.equals("phi3") && Set.of("su", "yarn").contains(type)) {
            rope.put("rope_type", "longrope");
        }
        return rope;
    }

    /**
     * Gemma3TextConfig's and Olmo3Config's convert_rope_params_to_dict: one set for the global layers, one for those with a
     * window. Of OLMo 3 {@code rope_theta} belongs to the global ones alone, and the others have the class's default.
     */
    private static ObjectNode ropeByLayerType(ObjectNode config) {
        ObjectNode rope = config.path("rope_parameters").isObject()
                ? config.get("rope_parameters").deepCopy()
                : config.objectNode();
        ObjectNode full = layerType(rope, "full_attention");
        if (config.path("rope_scaling").isObject()) {
            full.setAll((ObjectNode) config.get("rope_scaling"));
        }
        putIfAbsent(full, "rope_theta", config.get("rope_theta"));
        ObjectNode sliding = layerType(rope, "sliding_attention");
        putIfAbsent(sliding, "rope_theta", config.get("rope_local_base_freq"));
        return rope;
    }

    private static ObjectNode layerType(ObjectNode rope, String name) {
        if (!rope.path(name).isObject()) {
            rope.putObject(name).put("rope_type", "default");
        }
        return (ObjectNode) rope.get(name);
    }

    private static void putIfAbsent(ObjectNode object, String key, JsonNode value) {
        if (value != null && !value.isNull() && !object.has(key)) {
            object.set(key, value);
        }
    }

    private static JsonNode load() {
        try (InputStream json = ConfigurationDefaults.class.getResourceAsStream("configuration-defaults.json")) {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException("configuration-defaults.json of our own jar cannot be read", e);
        }
    }
}
