package io.nightshift.formats.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Hyperparameters;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What the {@code config.json} of a quantized folder says of the model, compared with the original's. */
public final class FolderConfiguration {
    private static final String BASE = "rope_theta";

    /** What the decoder reads of config.json, as far as two values can be compared without knowing the family. */
    private static final List<String> COMPARED = List.of("num_hidden_layers", "hidden_size", "intermediate_size",
            "moe_intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size",
            "max_position_embeddings", "rms_norm_eps", "sliding_window", "num_local_experts",
            "num_experts", "num_experts_per_tok", "norm_topk_prob", "hidden_act", "hidden_activation",
            "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping");

    /** The same of the rotation, wherever the configuration keeps its parameters. */
    private static final List<String> ROPE_COMPARED = List.of(BASE, "factor", "low_freq_factor",
            "high_freq_factor", "beta_fast", "beta_slow", "attention_factor", "partial_rotary_factor",
            "original_max_position_embeddings", "short_factor", "long_factor");

    private FolderConfiguration() {}

    /**
     * Checks that a folder was made of a checkpoint.
     *
     * @throws InvalidModelException if a hyperparameter is another one; the message names it and both values
     * @throws IOException if one of both cannot be read
     */
    public static void requireMadeOf(ModelFolder folder, Checkpoint original) throws IOException {
        String location = folder.location() + "/config.json";
        String originalLocation = original.folder().location();
        ModelConfig own = ModelConfig.of(location, JsonFile.read(folder, "config.json").orElseThrow());
        for (String key : COMPARED) {
            requireSame(folder, key, own.find(key), original, original.config().find(key));
        }
        requireSame(folder, "rope_parameters.rope_type", Optional.of(ropeType(own)), original,
                Optional.of(ropeType(original.config())));
        for (String key : ROPE_COMPARED) {
            requireSame(folder, "rope_parameters." + key, own.findRope(key), original, original.config().findRope(key));
        }
        requireSameBase(folder, original);
        // What only one of them says may be a default, which the family's table knows.
        Hyperparameters.of(own).requireSame(location, Hyperparameters.of(original.config()), originalLocation);
    }

    /**
     * The base of the rotation where older loaders look for it, beside other keys: what the model keeps elsewhere may stand
     * there in the folder.
     */
    private static void requireSameBase(ModelFolder folder, Checkpoint original) throws IOException {
        Optional<JsonNode> base = writtenBase(folder);
        Optional<JsonNode> expected = writtenBase(original.folder()).or(() -> original.config().findRope(BASE));
        requireSame(folder, BASE, base, original, expected);
    }

    private static Optional<JsonNode> writtenBase(ModelFolder folder) throws IOException {
        JsonNode json = JsonFile.read(folder, "config.json").orElseThrow();
        return Stream.of(json.path("text_config"), json).map(part -> part.path(BASE)).filter(JsonNode::isNumber).findFirst();
    }

    private static void requireSame(
            ModelFolder folder, String key, Optional<JsonNode> value, Checkpoint original, Optional<JsonNode> expected) {
        if (value.isPresent() && expected.isPresent() && !same(value.get(), expected.get())) {
            throw new InvalidModelException(folder.location() + "/config.json: \"" + key + "\" is "
                    + value.get() + ", but in the model " + original.folder().location() + " it is "
                    + expected.get() + ": the figures would be those of another model");
        }
    }

    /** Older versions of transformers call longrope su. */
    private static JsonNode ropeType(ModelConfig config) {
        String type = config.findRope("rope_type").map(JsonNode::asText).orElse("default").toLowerCase(Locale.ROOT);
        return TextNode.valueOf(type.equals("su") ? "longrope" : type);
    }

    /** 1 and 1.0 are the same, alone and in lists. */
    private static boolean same(JsonNode one, JsonNode other) {
        return one.equals((a, b) -> a.isNumber() && b.isNumber()
                ? Double.compare(a.doubleValue(), b.doubleValue())
                : a.equals(b) ? 0 : 1, other);
    }
}
