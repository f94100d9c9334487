package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What values a configuration can have. A file with others is written and loaded all the same, and answers with
 * nonsense; so they are refused before a weight is read.
 */
final class HyperparameterRanges {
    /** Most rows that an embedding can have: token ids are 32-bit integers. */
    private static final long MOST_TOKENS = Integer.MAX_VALUE;

    private static final long MOST = 0xffffffffL;

    /** The types that transformers has functions for; Phi's older name of longrope; that of models with images. */
    private static final Set<String> ROPE_TYPES =
            Set.of("default", "linear", "dynamic", "yarn", "longrope", "su", "llama3", "proportional", "mrope");

    private final Architecture architecture;
    private final ModelConfig config;

    private HyperparameterRanges(Architecture architecture, ModelConfig config) {
        this.architecture = architecture;
        this.config = config;
    }

    /**
     * Checks a configuration.
     *
     * @throws InvalidModelException if a value that the model needs is missing or out of its range; the message names
     *     the key, the value and the range
     */
    static void require(Architecture architecture, ModelConfig config) {
        HyperparameterRanges ranges = new HyperparameterRanges(architecture, config);
        ranges.sizes();
        ranges.numbers();
        ranges.experts();
        if (architecture.runs()) {
            ranges.forwardNumbers();
            ranges.slidingWindow();
        }
        ranges.rope();
    }

    private void sizes() {
        needed(MOST_TOKENS, "vocab_size");
        needed(MOST, "max_position_embeddings", "n_ctx", "n_positions", "max_length", "max_sequence_length",
                "model_max_length");
        needed(MOST, "hidden_size", "n_embd", "dim");
        needed(MOST, "num_hidden_layers", "n_layers", "n_layer", "num_layers");
        needed(MOST, "num_attention_heads", "n_head", "n_heads");
        given("num_key_value_heads").ifPresent(heads -> require(heads >= 1, "num_key_value_heads", heads, atLeast(1)));
        given("head_dim").ifPresent(channels -> require(channels >= 1, "head_dim", channels, atLeast(1)));
    }

    private void needed(long most, String... keys) {
        long value = config.integer(keys);
        require(value >= 1 && value <= most, keys[0], value, "a whole number from 1 to " + most);
    }

    private void numbers() {
        String[] epsilon = {"rms_norm_eps", "norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"};
        positive("rms_norm_eps", Optional.of(config.number(epsilon)));
        require(config.number(epsilon) <= 1, "rms_norm_eps", config.number(epsilon), "at most 1");
        config.findNumber("final_logit_softcapping").ifPresent(
                cap -> require(cap >= 0, "final_logit_softcapping", cap, "0, for none, or above"));
    }

    private void forwardNumbers() {
        DecoderTraits traits = architecture.traits();
        if (traits.queryScalar()) {
            positive("query_pre_attn_scalar", config.findNumber("query_pre_attn_scalar"));
        }
        if (traits.multiplied()) {
            for (String key : List.of(
                    "attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling")) {
                positive(key, config.findNumber(key));
            }
        }
        if (traits.attentionSoftcapped()) {
            positive("attn_logit_softcapping", config.findNumber("attn_logit_softcapping"));
            positive("final_logit_softcapping", config.findNumber("final_logit_softcapping"));
        }
    }

    private void experts() {
        String usedKey = "num_experts_per_tok";
        // A family without experts may drop the number, and one with a list of them give one.
        ModelConfig adapted = architecture.adapted(config);
        Optional<Long> experts = given(adapted, "num_local_experts", "num_experts", "n_routed_experts");
        Optional<Long> used = given(adapted, usedKey, "num_experts_per_token", "top_k_experts");
        if (experts.orElse(0L) > 0) {
            long given = used.orElseThrow(() -> new InvalidModelException(config.location() + ": \"" + usedKey
                    + "\" is missing, but there are " + experts.get() + " experts"));
            require(given >= 1 && given <= experts.get(), usedKey, given,
                    "a whole number from 1 to the number of experts, " + experts.get());
        } else if (experts.isEmpty()) {
            // A dense model may say that it has no experts, and then that it uses none.
            used.ifPresent(given -> require(given >= 1, usedKey, given, atLeast(1)));
        }
    }

    private void slidingWindow() {
        WindowPattern windows = architecture.traits().windows();
        int layers = Math.min(1024, BlockCount.layers(config));
        for (int layer = 0; layer < layers; layer++) {
            if (windows.slides(config, layer)) {
                given("sliding_window").ifPresent(
                        window -> require(window >= 1, "sliding_window", window, atLeast(1)));
                return;
            }
        }
    }

    private void rope() {
        String type = ropeType("rope_type", config.findRope("rope_type"));
        ropeType("sliding_attention.rope_type", config.findSlidingRope("rope_type"));
        positive(inRope("rope_theta"), config.findRopeNumber("rope_theta"));
        // Beside a value among the parameters these have no effect, but contradict it.
        positive("rope_theta", config.findNumber("rope_theta"));
        positive("rope_local_base_freq", config.findNumber("rope_local_base_freq"));
        positive(inRope("sliding_attention.rope_theta"), config.slidingWindowRopeTheta());
        for (String key : List.of("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
                "beta_fast", "beta_slow", "attention_factor", "attn_factor")) {
            positive(inRope(key), config.findRopeNumber(key));
        }
        config.findRopeNumber("partial_rotary_factor").ifPresent(fraction -> require(fraction > 0 && fraction <= 1,
                inRope("partial_rotary_factor"), fraction, "above 0 and at most 1"));
        if (type.equals("linear") && config.findRopeNumber("factor").isEmpty()) {
            throw missing("factor", type);
        }
        for (String key : List.of("long_factor", "short_factor")) {
            List<Double> factors = config.findRopeNumbers(key).orElse(List.of());
            factors.forEach(factor -> positive(inRope(key), Optional.of(factor)));
            if (factors.isEmpty() && (type.equals("longrope") || type.equals("su"))) {
                throw missing(key, type);
            }
        }
    }

    private String ropeType(String key, Optional<JsonNode> node) {
        String type = node.map(JsonNode::asText).orElse("default");
        if (!ROPE_TYPES.contains(type) && !type.equalsIgnoreCase("llama3")) {
            throw new InvalidModelException(config.location() + ": \"" + inRope(key) + "\" is " + node.get()
                    + ", a type of position embedding that transformers does not know; it knows default, linear,"
                    + " dynamic, yarn, longrope, llama3 and proportional");
        }
        return type;
    }

    private InvalidModelException missing(String key, String type) {
        return new InvalidModelException(config.location() + ": \"" + inRope(key) + "\" is missing, which the rope type "
                + type + " needs");
    }

    private static String inRope(String key) {
        return "rope_parameters." + key;
    }

    /** The number of the first key that is there; nothing where it is null, or one a layer. */
    private Optional<Long> given(String... keys) {
        return given(config, keys);
    }

    private static Optional<Long> given(ModelConfig config, String... keys) {
        return config.find(keys).filter(node -> !node.isArray()).flatMap(node -> config.findInteger(keys));
    }

    private void positive(String key, Optional<Double> value) {
        // As the 32-bit float that it becomes.
        value.ifPresent(number -> require((float) (double) number > 0, key, number, "above 0"));
    }

    private void require(boolean inRange, String key, Object value, String range) {
        if (!inRange) {
            throw new InvalidModelException(
                    config.location() + ": \"" + key + "\" is " + value + ", but must be " + range);
        }
    }

    private static String atLeast(long least) {
        return "a whole number from " + least + " on";
    }
}
