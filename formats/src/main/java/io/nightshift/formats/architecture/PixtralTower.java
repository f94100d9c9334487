package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.TowerRows.COLOURS;
import static io.nightshift.formats.architecture.TowerRows.PATCH;
import static io.nightshift.formats.architecture.TowerRows.TEXT_HIDDEN;
import static io.nightshift.formats.architecture.TowerRows.matrix;
import static io.nightshift.formats.architecture.TowerRows.scale;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The vision tower of Mistral Small 3.1 and later and of Ministral 3, which is Pixtral's (conversion/llava.py). */
final class PixtralTower {
    private static final String PROJECTOR = "multi_modal_projector.";
    private static final Dimension MERGED =
            HIDDEN.times(Dimension.key("model.spatial_merge_size")).times(Dimension.key("model.spatial_merge_size"));

    /** The row of the embedding that ends a row of patches: the converter finds it by this name alone. */
    private static final String BREAK = "v.token_embd.img_break";
    private static final String BREAK_TOKEN = "[IMG_BREAK]";
    private static final String EMBEDDING = "embed_tokens.weight";

    private static final Architecture TABLE = Architecture.named("clip", "Mistral3ForConditionalGeneration")
            .configuration(config -> TowerRows.withDefault(TowerRows.withDefault(TowerRows.withDefault(
                    config, "image_size", 1024), "patch_size", 16), "model.spatial_merge_size", 2))
            .naming(PixtralTower::nameOf)
            .only("model_type", "pixtral")
            .check(checkpoint -> breakToken(checkpoint.folder()))
            .tensors(
                    List.of(TensorRow.of(BREAK, EMBEDDING, PixtralTower::breakRow, TEXT_HIDDEN).optional()),
                    matrix("mm.1", PROJECTOR + "linear_1", TEXT_HIDDEN, HIDDEN),
                    optionalBias("mm.1", PROJECTOR + "linear_1"),
                    matrix("mm.2", PROJECTOR + "linear_2", TEXT_HIDDEN, TEXT_HIDDEN),
                    optionalBias("mm.2", PROJECTOR + "linear_2"),
                    scale("mm.input_norm", PROJECTOR + "norm", HIDDEN),
                    matrix("mm.patch_merger", PROJECTOR + "patch_merger.merging_layer", HIDDEN, MERGED),
                    scale("v.pre_ln", "vision_tower.ln_pre", HIDDEN),
                    List.of(TensorRow.of("v.patch_embd.weight", "vision_tower.patch_conv.weight",
                            HIDDEN, COLOURS, PATCH, PATCH)),
                    TowerRows.blocks("vision_tower.transformer.layers.",
                            interleaved("attn_k", "attention.k_proj"),
                            matrix("attn_out", "attention.o_proj", HIDDEN, QUERY),
                            interleaved("attn_q", "attention.q_proj"),
                            matrix("attn_v", "attention.v_proj", QUERY, HIDDEN),
                            scale("ln1", "attention_norm", HIDDEN),
                            matrix("ffn_down", "feed_forward.down_proj", HIDDEN, FEED_FORWARD),
                            matrix("ffn_gate", "feed_forward.gate_proj", FEED_FORWARD, HIDDEN),
                            matrix("ffn_up", "feed_forward.up_proj", FEED_FORWARD, HIDDEN),
                            scale("ln2", "ffn_norm", HIDDEN)))
            .hyperparameters(
                    TowerRows.KEYS,
                    TowerRows.text("projector_type", "pixtral"),
                    Hyperparameter.number("vision.attention.layer_norm_epsilon",
                            config -> config.findNumber("layer_norm_eps").or(() -> Optional.of(1e-5))),
                    PixtralTower::activation,
                    TowerRows.size("vision.spatial_merge_size", "model.spatial_merge_size"))
            .build();

    static final VisionTower PIXTRAL = new VisionTower(TABLE, Map.of(), Optional.of(new VisionTower.Lacking(BREAK,
            "it takes the row of the embedding only where that is called model.embed_tokens.weight, without language_model."
                    + " before it: rename that tensor to have it in")));

    private PixtralTower() {}

    private static List<TensorRow> interleaved(String output, String source) {
        return List.of(TensorRow.of(output + ".weight", source + ".weight", Transform.INTERLEAVE_HALVES, QUERY, HIDDEN));
    }

    private static List<TensorRow> optionalBias(String output, String source) {
        return List.of(TensorRow.of(output + ".bias", source + ".bias", TEXT_HIDDEN).optional());
    }

    /** Either of two; where the configuration says nothing it is the class's gelu. */
    private static void activation(ModelConfig config, HyperparameterWriter out) {
        Variants.refuseOthers(config, "hidden_act", "silu", "gelu");
        boolean silu = config.find("hidden_act").filter(name -> name.asText().equals("silu")).isPresent();
        TowerRows.flag(silu ? "use_silu" : "use_gelu").write(config, out);
    }

    private static Optional<String> nameOf(String tensor, ModelConfig config) {
        if (tensor.startsWith("vision_tower.") || tensor.startsWith(PROJECTOR)) {
            return Optional.of(tensor);
        }
        return tensor.endsWith(EMBEDDING) && !tensor.contains("language_model.") ? Optional.of(EMBEDDING) : Optional.empty();
    }

    private static List<SourceRows> breakRow(SourceTensors sources) throws IOException {
        SafetensorsTensor embedding = sources.first();
        sources.expect(embedding, List.of(sources.config().integer("model.vocab_size"), sources.shape().get(0)));
        long token = breakToken(sources.checkpoint().folder());
        if (token < 1 || token >= embedding.rows()) {
            throw new InvalidModelException(sources.checkpoint().folder().location() + ": the token " + BREAK_TOKEN
                    + " has the id " + token + ", but the embedding has " + embedding.rows()
                    + " rows; is the tokenizer this model's?");
        }
        return List.of(new SourceRows(embedding, token, 1, RowOrder.AS_IS, 0));
    }

    /** The converter takes no checkpoint whose tokenizer has no token for the end of a row of patches. */
    private static long breakToken(ModelFolder folder) throws IOException {
        Optional<JsonNode> settings = JsonFile.read(folder, "tokenizer_config.json");
        if (settings.isPresent()) {
            for (Map.Entry<String, JsonNode> token : settings.get().path("added_tokens_decoder").properties()) {
                if (isBreak(token.getValue()) && token.getKey().matches("\\d{1,9}")) {
                    return Long.parseLong(token.getKey());
                }
            }
        }
        Optional<JsonNode> tokenizer = JsonFile.read(folder, "tokenizer.json");
        if (tokenizer.isPresent()) {
            for (JsonNode token : tokenizer.get().path("added_tokens")) {
                if (isBreak(token)) {
                    return token.path("id").asLong(-1);
                }
            }
        }
        if (tokenizer.isEmpty()) {
            // Here the converter stops; of Mistral's own layout it takes the token so (llava.py, get_mistral_token_id).
            Optional<JsonNode> tekken = JsonFile.read(folder, "tekken.json");
            if (tekken.isPresent()) {
                for (JsonNode token : tekken.get().path("special_tokens")) {
                    if (token.path("token_str").asText().equals(BREAK_TOKEN)) {
                        return token.path("rank").asLong(-1);
                    }
                }
            }
        }
        throw new InvalidModelException(folder.location() + ": none of tokenizer_config.json, tokenizer.json and tekken.json"
                + " has the token " + BREAK_TOKEN + ", which ends a row of an image. Fetch the checkpoint again");
    }

    private static boolean isBreak(JsonNode token) {
        return token.path("content").asText().equals(BREAK_TOKEN);
    }
}
