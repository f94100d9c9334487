package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.HEADS;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.ONE;
import static io.nightshift.formats.architecture.Dimension.key;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The text part of Gemma 4 (conversion/gemma.py, Gemma4Model). Heads of layers that attend to everything have a size and
 * a number of their own, the last layers may take keys and values of earlier ones and be twice as wide, and the smaller
 * models have an embedding for each layer. Norms multiply by their weights, not by 1 + weight.
 */
final class Gemma4Family {
    private static final LayerSet FULL = LayerSet.typed("full_attention");
    private static final LayerSet SHARING = (config, layer) -> layer >= firstSharing(config);
    private static final LayerSet EQUAL = (config, layer) ->
            config.flag("attention_k_eq_v") && FULL.contains(config, layer);
    private static final LayerSet MIXTURE = (config, layer) -> config.flag("enable_moe_block");
    private static final LayerSet INPUTS = (config, layer) -> perLayer(config) > 0;

    private static final Dimension HEAD = (config, layer) ->
            FULL.contains(config, layer) ? fullHead(config) : config.integer("head_dim");
    private static final Dimension QUERY = HEADS.times(HEAD);
    private static final Dimension KEY = ((Dimension) Gemma4Family::keyHeads).times(HEAD);
    private static final Dimension FEED_FORWARD = (config, layer) -> config.integer("intermediate_size")
            * (config.flag("use_double_wide_mlp") && SHARING.contains(config, layer) ? 2 : 1);
    private static final Dimension PER_LAYER = Dimension.ofModel(Gemma4Family::perLayer);
    private static final Dimension PER_LAYER_OF_ALL = Dimension.ofModel(BlockCount::layers).times(PER_LAYER);
    private static final Dimension EXPERT_FEED_FORWARD = key("expert_intermediate_size", "moe_intermediate_size");

    private static final List<TensorRow> OWN_KEYS = DecoderRows.table(
            linear("attn_k", "self_attn.k_proj", KEY, HIDDEN),
            List.of(norm("attn_k_norm", "self_attn.k_norm", HEAD)),
            TensorRow.in(EQUAL.not(), linear("attn_v", "self_attn.v_proj", KEY, HIDDEN)));

    private static final List<TensorRow> BLOCKS = DecoderRows.table(
            List.of(
                    norm("attn_norm", "input_layernorm", HIDDEN),
                    norm("attn_q_norm", "self_attn.q_norm", HEAD),
                    norm("post_attention_norm", "post_attention_layernorm", HIDDEN),
                    norm("ffn_norm", "pre_feedforward_layernorm", HIDDEN),
                    norm("post_ffw_norm", "post_feedforward_layernorm", HIDDEN),
                    vector("layer_output_scale.weight", "layer_scalar", Transform.COPY, ONE)),
            linear("attn_q", "self_attn.q_proj", QUERY, HIDDEN),
            linear("attn_output", "self_attn.o_proj", HIDDEN, QUERY),
            TensorRow.in(SHARING.not(), OWN_KEYS),
            TensorRow.in(SHARING, OWN_KEYS.stream().map(TensorRow::optional).toList()),
            List.of(
                    matrix("ffn_gate", "mlp.gate_proj", FEED_FORWARD, HIDDEN),
                    matrix("ffn_up", "mlp.up_proj", FEED_FORWARD, HIDDEN),
                    matrix("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD)));

    private static final List<TensorRow> EXPERT_ROWS = TensorRow.in(MIXTURE, List.of(
            matrix("ffn_gate_inp", "router.proj", EXPERTS, HIDDEN),
            vector("ffn_gate_inp.scale", "router.scale", Transform.COPY, HIDDEN),
            vector("ffn_down_exps.scale", "router.per_expert_scale", Transform.COPY, EXPERTS),
            experts("ffn_gate_up_exps", "gate_up_proj", EXPERT_FEED_FORWARD.times(2), HIDDEN),
            experts("ffn_down_exps", "down_proj", HIDDEN, EXPERT_FEED_FORWARD),
            norm("pre_ffw_norm_2", "pre_feedforward_layernorm_2", HIDDEN),
            norm("post_ffw_norm_1", "post_feedforward_layernorm_1", HIDDEN),
            norm("post_ffw_norm_2", "post_feedforward_layernorm_2", HIDDEN)));

    private static final List<TensorRow> INPUT_ROWS = TensorRow.in(INPUTS, List.of(
            TensorRow.of("per_layer_token_embd.weight", "model.embed_tokens_per_layer.weight",
                    key("vocab_size_per_layer_input"), PER_LAYER_OF_ALL),
            TensorRow.of("per_layer_model_proj.weight", "model.per_layer_model_projection.weight",
                    PER_LAYER_OF_ALL, HIDDEN),
            TensorRow.of("per_layer_proj_norm.weight", "model.per_layer_projection_norm.weight", PER_LAYER),
            matrix("inp_gate", "per_layer_input_gate", PER_LAYER, HIDDEN),
            matrix("proj", "per_layer_projection", HIDDEN, PER_LAYER),
            norm("post_norm", "post_per_layer_input_norm", HIDDEN)));

    static final Architecture GEMMA4 = Architecture.named("gemma4", "Gemma4ForConditionalGeneration", "Gemma4ForCausalLM")
            .vocabulary(VocabularyRule.GEMMA4)
            .check(checkpoint -> Variants.refuseOtherElements(
                    checkpoint.config(), "layer_types", "sliding_attention", "full_attention"))
            .check(checkpoint -> requireKeysToShare(checkpoint.config()))
            .only("hidden_activation", "gelu_pytorch_tanh")
            .tensors(GemmaFamily.CUT_VOCABULARY, List.of(DecoderRows.outputNorm(Transform.COPY)), BLOCKS, EXPERT_ROWS,
                    INPUT_ROWS)
            .computing(Gemma4Family::rotatedChannels)
            .hyperparameters(GemmaFamily.GEMMA3_KEYS, Gemma4Family::keys)
            .forward(LinearGroup.DENSE_BESIDE_EXPERTS, DecoderTraits.gemma(WindowPattern.LISTED, false)
                    .with(new Heads(HEAD, Gemma4Family::keyHeads, Gemma4Family::keysFrom, false, true)))
            .build();

    private Gemma4Family() {}

    private static TensorRow experts(String output, String source, Dimension rows, Dimension columns) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + "experts." + source, EXPERTS, rows, columns)
                .or(LAYER + "experts." + source + ".weight", Transform.COPY)
                .or(LAYER + "experts.{expert}." + source + ".weight", Transform.COPY);
    }

    private static long firstSharing(ModelConfig config) {
        return BlockCount.layers(config) - config.findInteger("num_kv_shared_layers").orElse(0L);
    }

    /** Layers that share keys take those of the last layer of their type that makes some. */
    private static int keysFrom(ModelConfig config, int layer) {
        if (!SHARING.contains(config, layer)) {
            return layer;
        }
        int last = Math.toIntExact(firstSharing(config)) - 1;
        return FULL.contains(config, layer) ? last : last - 1;
    }

    /** llama.cpp goes by these places, whatever the types of the layers there (llama-model.cpp, create_memory). */
    private static void requireKeysToShare(ModelConfig config) {
        long first = firstSharing(config);
        if (first == BlockCount.layers(config)) {
            return;
        }
        if (first < 2 || !FULL.contains(config, (int) first - 1) || FULL.contains(config, (int) first - 2)) {
            throw new InvalidModelException(config.location() + ": \"num_kv_shared_layers\" is "
                    + config.integer("num_kv_shared_layers") + " of " + BlockCount.layers(config) + " layers: those before"
                    + " must end with one of sliding and one of full attention, whose keys the others share");
        }
    }

    private static long perLayer(ModelConfig config) {
        return config.findInteger("hidden_size_per_layer_input").orElse(0L);
    }

    private static long fullHead(ModelConfig config) {
        return ofFullLayers(config, "global_head_dim", "head_dim").orElseThrow(() -> new InvalidModelException(
                config.location() + ": neither \"global_head_dim\" nor \"per_layer_config\" says how large the heads of"
                        + " layers with full attention are"));
    }

    private static long keyHeads(ModelConfig config, int layer) {
        Optional<Long> ofFull = ofFullLayers(config, "num_global_key_value_heads", "num_key_value_heads");
        return FULL.contains(config, layer) && ofFull.isPresent() ? ofFull.get() : Dimension.KEY_HEADS.of(config);
    }

    /** A size of the layers with full attention, in the older spelling of the configuration or in the newer one. */
    private static Optional<Long> ofFullLayers(ModelConfig config, String older, String newer) {
        return config.findInteger(older).or(() -> config.find("per_layer_config").flatMap(layers -> layers.properties()
                .stream()
                .filter(entry -> entry.getKey().matches("\\d{1,9}"))
                .filter(entry -> FULL.contains(config, Integer.parseInt(entry.getKey())))
                .map(entry -> entry.getValue().path(newer))
                .filter(JsonNode::isIntegralNumber)
                .map(JsonNode::asLong)
                .findFirst()));
    }

    private static void keys(ModelConfig config, HyperparameterWriter out) {
        out.set("attention.shared_kv_layers", config.findInteger("num_kv_shared_layers").orElse(0L));
        out.set("embedding_length_per_layer_input", perLayer(config));
        out.setFlags("attention.sliding_window_pattern", layer -> !FULL.contains(config, layer));
        out.set("attention.key_length", fullHead(config));
        out.set("attention.value_length", fullHead(config));
        out.set("attention.key_length_swa", config.integer("head_dim"));
        out.set("attention.value_length_swa", config.integer("head_dim"));
        config.findInteger("expert_intermediate_size", "moe_intermediate_size")
                .ifPresent(size -> out.set("expert_feed_forward_length", size));
        if (config.flag("use_double_wide_mlp")) {
            out.setEach("feed_forward_length", layer -> FEED_FORWARD.of(config, layer));
        }
        if (ofFullLayers(config, "num_global_key_value_heads", "num_key_value_heads").isPresent()) {
            out.setEach("attention.head_count_kv", layer -> keyHeads(config, layer));
        }
        out.set("rope.dimension_count", fullHead(config));
        double rotated = config.findRopeOfAllNumber("partial_rotary_factor").orElse(1.0);
        out.set("rope.dimension_count_swa", (long) (config.integer("head_dim") * rotated));
    }

    /**
     * Of the channels of heads with full attention only some are rotated, and those are spread over both halves: the
     * frequencies of the others are divided by 1e30 (generate_extra_tensors).
     */
    private static List<TensorRecipe> rotatedChannels(ModelConfig config) {
        String type = config.findRope("rope_type").map(JsonNode::asText).orElse("default");
        if (!type.equals("proportional")) {
            throw new InvalidModelException(config.location() + ": the rope type of full attention is '" + type
                    + "', which is not known for Gemma 4; known is proportional");
        }
        double rotated = config.findRopeNumber("partial_rotary_factor").orElse(0.25);
        int head = RopeFactors.channels(fullHead(config));
        int count = (int) (head * rotated / 2);
        List<Float> factors = new ArrayList<>();
        for (int pair = 0; pair < head / 2; pair++) {
            factors.add(pair < count ? 1f : 1e30f);
        }
        return List.of(RopeFactors.vector("rope_freqs.weight", factors));
    }
}
