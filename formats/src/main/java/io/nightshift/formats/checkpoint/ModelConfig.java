package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The hyperparameters of {@code config.json} as llama.cpp's converter sees them (conversion/base.py, load_hparams and
 * TextModel): completed by the defaults of the model type, those of a multimodal model's text part at the root.
 *
 * <p>Where several keys are given, the first one that is present decides, even if it is null, as in the converter.
 */
public final class ModelConfig {
    private final JsonNode file;
    private final String location;
    private final String architecture;
    private final ObjectNode values;
    private final ObjectNode rope;
    private final boolean prediction;

    private ModelConfig(
            String location, String architecture, JsonNode file, ObjectNode values, boolean prediction) {
        this.file = file;
        this.location = location;
        this.architecture = architecture;
        this.values = values;
        this.rope = rope(values);
        this.prediction = prediction;
    }

    /** The configuration of the model without its blocks for predicting further tokens. */
    ModelConfig withoutPrediction() {
        return new ModelConfig(location, architecture, file, values, false);
    }

    /** Whether blocks for predicting further tokens are kept, in families where the converter keeps them. */
    public boolean keepsPrediction() {
        return prediction;
    }

    /**
     * Reads a configuration.
     *
     * @param location of the file, for messages
     * @throws InvalidModelException if it names no architecture
     */
    public static ModelConfig of(String location, JsonNode json) {
        if (!json.isObject()) {
            throw new InvalidModelException(location + ": is no JSON object");
        }
        ObjectNode values = json.deepCopy();
        String architecture = architecture(location, values);
        if (values.path("text_config").isObject()) {
            ObjectNode text = (ObjectNode) values.get("text_config");
            if (values.path("model_type").asText().equals("gemma3")) {
                text.put("model_type", "gemma3_text");
            }
            ConfigurationDefaults.complete(text);
            values.setAll(text.deepCopy());
        } else {
            ConfigurationDefaults.complete(values);
        }
        return new ModelConfig(location, architecture, json, values, true);
    }

    /**
     * The configuration of a part of the model that is an object of its own in the file: its keys, and beside them the
     * model's own as {@code model.KEY}.
     *
     * @param key of the part, such as {@code vision_config}
     * @param others further keys, which are none of the part's
     * @throws InvalidModelException if the file has no such object
     */
    public ModelConfig part(String key, ObjectNode others) {
        if (!file.path(key).isObject()) {
            throw new InvalidModelException(location + ": has no \"" + key + "\"");
        }
        ObjectNode part = file.get(key).deepCopy();
        values.properties().forEach(entry -> part.set("model." + entry.getKey(), entry.getValue()));
        part.setAll(others);
        return new ModelConfig(location + ": " + key, architecture, file, part, prediction);
    }

    private static String architecture(String location, ObjectNode values) {
        JsonNode ofText = values.path("text_config").path("architectures");
        JsonNode names = ofText.isArray() ? ofText : values.path("architectures");
        if (!names.path(0).isTextual()) {
            throw new InvalidModelException(
                    location + ": has no \"architectures\": what model this is cannot be known");
        }
        return names.get(0).asText();
    }

    /** Mirrors what stands at the root into the RoPE parameters (conversion/base.py, TextModel.__init__). */
    private static ObjectNode rope(ObjectNode values) {
        JsonNode given = values.has("rope_parameters") ? values.get("rope_parameters") : values.path("rope_scaling");
        ObjectNode rope = given.isObject() ? given.deepCopy() : values.objectNode();
        if (rope.has("full_attention") || rope.has("sliding_attention")) {
            return rope;
        }
        first(values, "local_rope_theta", "rope_local_theta", "rope_theta_local", "swa_rope_theta",
                        "rope_local_base_freq")
                .ifPresent(theta -> rope.putObject("sliding_attention").set("rope_theta", theta));
        mirror(rope, "rope_theta", first(values, "global_rope_theta", "rope_global_theta", "rope_theta_global",
                "rope_theta", "rotary_emb_base"));
        mirror(rope, "rope_type", first(rope, "type"));
        mirror(rope, "partial_rotary_factor", first(values, "partial_rotary_factor", "rope_pct", "rope_percent"));
        mirror(rope, "original_max_position_embeddings", first(values, "original_max_position_embeddings"));
        return rope;
    }

    private static void mirror(ObjectNode rope, String key, Optional<JsonNode> value) {
        if (!rope.has(key)) {
            value.ifPresent(node -> rope.set(key, node));
        }
    }

    private static Optional<JsonNode> first(ObjectNode object, String... keys) {
        for (String key : keys) {
            if (object.has(key)) {
                return Optional.of(object.get(key)).filter(node -> !node.isNull());
            }
        }
        return Optional.empty();
    }

    /** The name of the model class, such as {@code LlamaForCausalLM}; that of the text part, where that has its own. */
    public String architecture() {
        return architecture;
    }

    /** The class that the root of the file names, for loaders that do not look into a multimodal model's text part. */
    public String rootArchitecture() {
        return file.path("architectures").path(0).asText(architecture);
    }

    /** Where it was read from, for messages. */
    public String location() {
        return location;
    }

    /** Whether the file itself gives a key, and not only the model type's defaults. */
    public boolean isGiven(String key) {
        return file.has(key) || file.path("text_config").has(key);
    }

    /** Whether a key is present, even if it is null. */
    public boolean has(String key) {
        return values.has(key);
    }

    /** The value of the first of the keys that is present, unless it is null. */
    public Optional<JsonNode> find(String... keys) {
        return first(values, keys);
    }

    /**
     * A whole number.
     *
     * @throws InvalidModelException if none of the keys is present, or it is null or no whole number from 0 to 2^32 - 1
     */
    public long integer(String... keys) {
        return findInteger(keys).orElseThrow(() -> missing(keys));
    }

    /** A whole number, if one of the keys is present and not null. */
    public Optional<Long> findInteger(String... keys) {
        return find(keys).map(node -> toInteger(node, keys[0]));
    }

    /** A number. */
    public double number(String... keys) {
        return findNumber(keys).orElseThrow(() -> missing(keys));
    }

    /** A number, if one of the keys is present and not null. */
    public Optional<Double> findNumber(String... keys) {
        return find(keys).map(node -> toNumber(node, keys[0]));
    }

    /** A RoPE parameter of all layers, or of the global ones where those with a window have their own. */
    public Optional<JsonNode> findRope(String key) {
        return first(globalRope(), key);
    }

    /** A RoPE parameter that stands beside those of the kinds of layers, where there are such. */
    public Optional<JsonNode> findRopeOfAll(String key) {
        return first(rope, key);
    }

    /** A number that stands beside the RoPE parameters of the kinds of layers, where there are such. */
    public Optional<Double> findRopeOfAllNumber(String key) {
        return findRopeOfAll(key).map(node -> toNumber(node, "rope_parameters." + key));
    }

    /** The configuration with another value of a key. */
    public ModelConfig with(String key, long value) {
        ObjectNode changed = values.deepCopy();
        changed.put(key, value);
        return new ModelConfig(location, architecture, file, changed, prediction);
    }

    /** The configuration without a key. */
    public ModelConfig without(String key) {
        ObjectNode changed = values.deepCopy();
        changed.remove(key);
        return new ModelConfig(location, architecture, file, changed, prediction);
    }

    /** The configuration with a value for a key that it does not have. */
    public ModelConfig withDefault(String key, double value) {
        ObjectNode changed = values.deepCopy();
        if (!has(key)) {
            changed.put(key, value);
        }
        return new ModelConfig(location, architecture, file, changed, prediction);
    }

    /** What {@code layer_types} calls a layer. */
    public Optional<String> layerType(int layer) {
        return find("layer_types").map(types -> types.path(layer)).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    /** Whether a key is true; false where it is missing or null. */
    public boolean flag(String key) {
        return find(key).map(JsonNode::asBoolean).orElse(false);
    }

    /** Whether a RoPE parameter is present, even if it is null. */
    public boolean hasRope(String key) {
        return globalRope().has(key);
    }

    private ObjectNode globalRope() {
        return rope.path("full_attention").isObject() ? (ObjectNode) rope.get("full_attention") : rope;
    }

    /** A number among the RoPE parameters of all, or of the global, layers. */
    public Optional<Double> findRopeNumber(String key) {
        return findRope(key).map(node -> toNumber(node, "rope_parameters." + key));
    }

    /** A whole number among the RoPE parameters of all, or of the global, layers. */
    public long ropeInteger(String key) {
        return findRope(key).map(node -> toInteger(node, "rope_parameters." + key))
                .orElseThrow(() -> missing("rope_parameters." + key));
    }

    /** A list of numbers among the RoPE parameters. */
    public Optional<List<Double>> findRopeNumbers(String key) {
        return findRope(key).map(node -> {
            List<Double> numbers = new ArrayList<>();
            node.forEach(element -> numbers.add(toNumber(element, "rope_parameters." + key)));
            return numbers;
        });
    }

    /** A RoPE parameter of layers with a sliding window, where they have their own. */
    public Optional<JsonNode> findSlidingRope(String key) {
        return rope.path("sliding_attention").isObject()
                ? first((ObjectNode) rope.get("sliding_attention"), key)
                : Optional.empty();
    }

    /** The base of the rotation in layers with a sliding window, where it is set apart. */
    public Optional<Double> slidingWindowRopeTheta() {
        return findSlidingRope("rope_theta")
                .map(node -> toNumber(node, "rope_parameters.sliding_attention.rope_theta"));
    }

    private long toInteger(JsonNode node, String key) {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0
                || node.longValue() > 0xffffffffL) {
            throw new InvalidModelException(location + ": \"" + key + "\" is " + node
                    + ", but must be a whole number from 0 to 2^32 - 1");
        }
        return node.longValue();
    }

    private double toNumber(JsonNode node, String key) {
        if (!node.isNumber()) {
            throw new InvalidModelException(location + ": \"" + key + "\" is " + node + ", but must be a number");
        }
        // Models and files have 32-bit floats.
        if (!Float.isFinite(node.floatValue())) {
            throw new InvalidModelException(
                    location + ": \"" + key + "\" is " + node.asText() + ", but must be a finite 32-bit float");
        }
        return node.doubleValue();
    }

    private InvalidModelException missing(String... keys) {
        for (String key : keys) {
            if (values.has(key)) {
                return new InvalidModelException(location + ": \"" + key + "\" is null, but must be a number");
            }
        }
        return new InvalidModelException(location + ": \"" + keys[0] + "\" is missing");
    }
}
