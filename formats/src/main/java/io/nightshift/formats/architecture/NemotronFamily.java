package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.EXPERT_FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.key;

import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * Nemotron-H and Nemotron 3 (conversion/nemotron.py, NemotronHModel): each layer is Mamba 2, attention, or a feed-forward block
 * or experts. A block that predicts a further token is attention and experts, and is kept as one layer behind the last.
 *
 * <p>Dense models become what the converter makes of their configuration as it is written. transformers, since it knows the
 * class, gives it experts, so that the converter writes a mixture whose feed-forward layers have the size 0, which no loader
 * takes.
 */
final class NemotronFamily {
    private static final String PREDICTION_BLOCKS = "num_nextn_predict_layers";

    private static final LayerSet MAMBA = typed("linear_attention");
    private static final LayerSet ATTENTION = typed("full_attention").or(LayerSet.PREDICTION);
    private static final LayerSet MIXTURE = typed("moe").or(LayerSet.PREDICTION);
    private static final LayerSet FEED_FORWARDS = typed("mlp");
    private static final LayerSet LATENT = (config, layer) -> hasLatents(config);

    private static final Mamba2Rows MIXER = new Mamba2Rows(key("mamba_num_heads").times(key("mamba_head_dim")),
            key("mamba_num_heads"), key("n_groups"), key("ssm_state_size"), key("conv_kernel"));

    private static final List<TensorRow> ATTENTION_ROWS = TensorRow.in(ATTENTION, DecoderRows.table(
            linear("attn_q", "mixer.q_proj", Transform.INTERLEAVE_HALVES, QUERY, HIDDEN),
            linear("attn_k", "mixer.k_proj", Transform.INTERLEAVE_HALVES, KEY, HIDDEN),
            linear("attn_v", "mixer.v_proj", KEY, HIDDEN),
            linear("attn_output", "mixer.o_proj", HIDDEN, QUERY)));

    private static final List<TensorRow> FEED_FORWARD_ROWS = TensorRow.in(FEED_FORWARDS, DecoderRows.table(
            linear("ffn_up", "mixer.up_proj", FEED_FORWARD, HIDDEN),
            linear("ffn_down", "mixer.down_proj", HIDDEN, FEED_FORWARD)));

    private static final Dimension SHARED = key("moe_shared_expert_intermediate_size");
    private static final Dimension LATENT_SIZE = key("moe_latent_size");
    /** What experts work on: hidden states, or what they are projected to. */
    private static final Dimension EXPERT_INPUT = (config, layer) ->
            (LATENT.contains(config, layer) ? LATENT_SIZE : HIDDEN).of(config, layer);

    private static final TensorRow ROUTER = matrix("ffn_gate_inp", "mixer.gate", EXPERTS, HIDDEN);

    private static final List<TensorRow> EXPERT_ROWS = TensorRow.in(MIXTURE, DecoderRows.table(
            TensorRow.in(LayerSet.PREDICTION.not(), List.of(ROUTER)),
            // The converter looks for the router of layer 1, as the checkpoint numbers it, and this is one behind the last.
            TensorRow.in(LayerSet.PREDICTION, List.of(ROUTER.asMatrix())),
            List.of(
                    vector("exp_probs_b.bias", "mixer.gate.e_score_correction.bias", Transform.COPY, EXPERTS),
                    matrix("ffn_up_exps", "mixer.experts.{expert}.up_proj", EXPERTS, EXPERT_FEED_FORWARD, EXPERT_INPUT),
                    matrix("ffn_down_exps", "mixer.experts.{expert}.down_proj", EXPERTS, EXPERT_INPUT, EXPERT_FEED_FORWARD),
                    matrix("ffn_up_shexp", "mixer.shared_experts.up_proj", SHARED, HIDDEN),
                    matrix("ffn_down_shexp", "mixer.shared_experts.down_proj", HIDDEN, SHARED)),
            TensorRow.in(LATENT, List.of(
                    matrix("ffn_latent_down", "mixer.fc1_latent_proj", LATENT_SIZE, HIDDEN),
                    matrix("ffn_latent_up", "mixer.fc2_latent_proj", HIDDEN, LATENT_SIZE)))));

    private static final List<TensorRow> PREDICTION = TensorRow.in(LayerSet.PREDICTION, List.of(
            norm("post_attention_norm", "post_attention_layernorm", HIDDEN),
            matrix("nextn.eh_proj", "eh_proj", HIDDEN, HIDDEN.times(2)),
            norm("nextn.enorm", "enorm", HIDDEN),
            norm("nextn.hnorm", "hnorm", HIDDEN),
            norm("nextn.shared_head_norm", "shared_head.norm", HIDDEN)));

    private static final Pattern PREDICTION_PART = Pattern.compile("mtp\\.layers\\.[01]\\.(.*)");

    /** Attention and experts of the block have a norm each, and the block one at its end. */
    private static final Map<String, String> PREDICTION_NAMES = Map.of(
            "mtp.layers.1.norm.weight", "post_attention_layernorm.weight",
            "mtp.layers.1.final_layernorm.weight", "shared_head.norm.weight");

    private static final DecoderTraits TRAITS = DecoderTraits.windows(WindowPattern.NONE)
            .with(Rotation.in(RotatedLayers.NONE))
            .withActivation("relu2")
            .withFeedForwardNorm("attn_norm")
            .withExpertWeights(DecoderTraits.ExpertWeights.SIGMOID_OF_GROUPS);

    /** Without experts: Nemotron-H, Nemotron Nano 2. */
    static final Architecture DENSE = family("nemotron_h", "mlp", NemotronFamily::isDense)
            .vocabulary(VocabularyRule.BYTE_PAIR_WITH_BEGIN)
            .only(PREDICTION_BLOCKS, 0)
            .tensors(FEED_FORWARD_ROWS)
            .hyperparameters(NemotronFamily::denseKeys)
            .forward(LinearGroup.ONE_BLOCK, TRAITS)
            .build();

    /** Nano, whose experts read hidden states. */
    static final Architecture NANO = mixture(
            LinearGroup.ONE_BLOCK, config -> !isDense(config) && !hasLatents(config));

    /** Super, whose experts read less. */
    static final Architecture SUPER = mixture(
            LinearGroup.ONE_BLOCK_WITH_COMPRESSION, config -> !isDense(config) && hasLatents(config));

    private NemotronFamily() {}

    private static Architecture mixture(List<LinearGroup> groups, Predicate<ModelConfig> which) {
        return family("nemotron_h_moe", "moe", which)
                .only(PREDICTION_BLOCKS, 0, 1)
                .blocks(BlockCount.andPrediction(PREDICTION_BLOCKS))
                .tensors(EXPERT_ROWS, PREDICTION)
                .hyperparameters(NemotronFamily::mixtureKeys)
                .forward(groups, TRAITS)
                .build();
    }

    /** @param third kind of layers, besides Mamba 2 and attention */
    private static Architecture.Builder family(String name, String third, Predicate<ModelConfig> which) {
        return Architecture.named(name, "NemotronHForCausalLM")
                .when(which)
                .check(checkpoint -> Variants.refuseOtherElements(
                        checkpoint.config(), "layers_block_type", "linear_attention", "full_attention", third))
                .check(Mamba2Rows::requirePaddedTokens)
                .only("mlp_hidden_act", "relu2")
                .only("mamba_hidden_act", "silu")
                .naming(NemotronFamily::nameOf)
                .tensors(
                        List.of(
                                TensorRow.of("token_embd.weight", "model.embeddings.weight", Dimension.VOCABULARY, HIDDEN),
                                TensorRow.of("output_norm.weight", "model.norm_f.weight", HIDDEN),
                                DecoderRows.OUTPUT,
                                norm("attn_norm", "norm", HIDDEN)),
                        TensorRow.in(MAMBA, DecoderRows.table(MIXER.of("mixer"), List.of(MIXER.gatedNorm("mixer")))),
                        ATTENTION_ROWS);
    }

    private static boolean isDense(ModelConfig config) {
        return config.find("layers_block_type").stream()
                .flatMap(types -> StreamSupport.stream(types.spliterator(), false))
                .anyMatch(type -> type.asText().equals("mlp"));
    }

    private static boolean hasLatents(ModelConfig config) {
        return config.findInteger("moe_latent_size").isPresent();
    }

    private static LayerSet typed(String type) {
        return (config, layer) -> config.find("layers_block_type")
                .filter(types -> types.path(layer).asText().equals(type))
                .isPresent();
    }

    private static Optional<String> nameOf(String tensor, ModelConfig config) {
        Optional<String> name = SourceNaming.STANDARD.nameOf(tensor, config)
                .map(given -> given.startsWith("backbone.") ? "model." + given.substring("backbone.".length()) : given);
        if (name.isEmpty() || !name.get().startsWith("mtp.")) {
            return name;
        }
        if (!config.keepsPrediction()) {
            return Optional.empty();
        }
        Matcher part = PREDICTION_PART.matcher(name.get());
        if (!part.matches() || config.findInteger(PREDICTION_BLOCKS).orElse(0L) == 0) {
            return name;
        }
        return Optional.of("model.layers." + config.integer("num_hidden_layers") + "."
                + PREDICTION_NAMES.getOrDefault(name.get(), part.group(1)));
    }

    /** What transformers adds for experts is not in the file that the converter reads. */
    private static void denseKeys(ModelConfig config, HyperparameterWriter out) {
        keys(config.without("n_routed_experts").without("num_experts_per_tok").without("n_shared_experts")
                .without("moe_intermediate_size").without("n_group").without("topk_group").without("norm_topk_prob")
                .without("routed_scaling_factor"), out);
        out.setEach("feed_forward_length",
                layer -> FEED_FORWARDS.contains(config, layer) ? FEED_FORWARD.of(config) : 0);
    }

    private static void keys(ModelConfig config, HyperparameterWriter out) {
        LlamaFamily.HYPERPARAMETERS.write(config.without("head_dim"), out);
        MIXER.keys(config, out);
        config.findInteger("attn_rotary_emb").ifPresent(channels -> out.set("rope.dimension_count", channels));
        out.setEach("attention.head_count_kv",
                layer -> ATTENTION.contains(config, layer) ? Dimension.KEY_HEADS.of(config) : 0);
        out.set("rope.scaling.finetuned", new GgufValue.Bool(false));
        out.set("context_length", 1L << 20);
        out.set("attention.key_length", HEAD.of(config));
        out.set("attention.value_length", HEAD.of(config));
    }

    private static void mixtureKeys(ModelConfig config, HyperparameterWriter out) {
        keys(config, out);
        out.setEach("feed_forward_length",
                layer -> MIXTURE.contains(config, layer) ? EXPERT_FEED_FORWARD.of(config) : 0);
        out.set("expert_used_count", config.integer("num_experts_per_tok"));
        out.set("expert_feed_forward_length", EXPERT_FEED_FORWARD.of(config));
        out.set("expert_shared_feed_forward_length", SHARED.of(config));
        out.set("expert_count", config.integer("n_routed_experts"));
        out.set("expert_shared_count", config.integer("n_shared_experts"));
        out.set("expert_weights_norm", new GgufValue.Bool(config.flag("norm_topk_prob")));
        out.set("expert_weights_scale", new GgufValue.Float32((float) config.number("routed_scaling_factor")));
        out.set("expert_group_count", config.integer("n_group"));
        config.findInteger("moe_latent_size").ifPresent(size -> out.set("moe_latent_size", size));
        if (out.blocks() > BlockCount.layers(config)) {
            out.set("nextn_predict_layers", config.integer(PREDICTION_BLOCKS));
        }
    }
}
