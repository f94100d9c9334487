package io.nightshift.formats.architecture;

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

import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import java.util.List;

/** LFM2 and LFM2.5, dense and with experts (conversion/lfm2.py): short convolutions, and attention in some layers. */
final class LiquidFamily {
    /** The activation function is none of the configuration's. */
    private static final DecoderTraits TRAITS = DecoderTraits.windows(WindowPattern.NONE).withActivation("silu");

    private static final LayerSet CONVOLUTION = LayerSet.typed("conv");
    private static final LayerSet DENSE = (config, layer) -> layer < config.integer("num_dense_layers");

    private static final List<TensorRow> LAYERS = DecoderRows.table(
            List.of(
                    DecoderRows.EMBEDDING,
                    TensorRow.of("token_embd_norm.weight", "model.embedding_norm.weight", HIDDEN),
                    norm("attn_norm", "operator_norm", HIDDEN),
                    norm("ffn_norm", "ffn_norm", HIDDEN)),
            TensorRow.in(CONVOLUTION, List.of(
                    matrix("shortconv.conv", "conv.conv", Transform.SQUEEZE, HIDDEN, Dimension.key("conv_L_cache")),
                    matrix("shortconv.in_proj", "conv.in_proj", HIDDEN.times(3), HIDDEN),
                    matrix("shortconv.out_proj", "conv.out_proj", HIDDEN, HIDDEN))),
            TensorRow.in(CONVOLUTION.not(), List.of(
                    matrix("attn_q", "self_attn.q_proj", QUERY, HIDDEN),
                    matrix("attn_k", "self_attn.k_proj", KEY, HIDDEN),
                    matrix("attn_v", "self_attn.v_proj", KEY, HIDDEN),
                    matrix("attn_output", "self_attn.out_proj", HIDDEN, QUERY),
                    norm("attn_q_norm", "self_attn.q_layernorm", HEAD),
                    norm("attn_k_norm", "self_attn.k_layernorm", HEAD))));

    private static final List<TensorRow> EXPERT_ROWS = List.of(
            matrix("ffn_gate_inp", "feed_forward.gate", EXPERTS, HIDDEN),
            vector("exp_probs_b.bias", "feed_forward.expert_bias", Transform.COPY, EXPERTS),
            matrix("ffn_gate_exps", "feed_forward.experts.{expert}.w1", EXPERTS, EXPERT_FEED_FORWARD, HIDDEN),
            matrix("ffn_down_exps", "feed_forward.experts.{expert}.w2", EXPERTS, HIDDEN, EXPERT_FEED_FORWARD),
            matrix("ffn_up_exps", "feed_forward.experts.{expert}.w3", EXPERTS, EXPERT_FEED_FORWARD, HIDDEN));

    /** LFM2Model. */
    static final Architecture LFM2 = family("lfm2", "Lfm2ForCausalLM", "LFM2ForCausalLM")
            .tensors(List.of(DecoderRows.OUTPUT), feedForward(LiquidFamily::adjusted))
            .hyperparameters((config, out) -> {
                shape(config, out);
                out.set("attention.layer_norm_rms_epsilon", new GgufValue.Float32((float) config.number("norm_eps")));
                out.set("feed_forward_length", adjusted(config, 0));
            })
            .forward(LinearGroup.SHORT_CONVOLUTION, TRAITS)
            .build();

    /** LFM2MoeModel. What it does not write, loaders take for granted. */
    static final Architecture LFM2_MOE = family("lfm2moe", "Lfm2MoeForCausalLM")
            .only("use_expert_bias", true)
            .only("norm_topk_prob", true)
            .only("routed_scaling_factor", 1.0, 1)
            .tensors(TensorRow.in(DENSE, feedForward(FEED_FORWARD)), TensorRow.in(DENSE.not(), EXPERT_ROWS))
            .hyperparameters((config, out) -> {
                out.set("expert_feed_forward_length", EXPERT_FEED_FORWARD.of(config));
                out.set("leading_dense_block_count", config.integer("num_dense_layers"));
                out.set("expert_gating_func", 2L); // sigmoid
                shape(config, out);
            })
            .forward(LinearGroup.SHORT_CONVOLUTION,
                    TRAITS.withExpertWeights(DecoderTraits.ExpertWeights.SIGMOID_AND_A_MILLIONTH))
            .build();

    private LiquidFamily() {}

    private static Architecture.Builder family(String name, String... modelClasses) {
        return Architecture.named(name, modelClasses)
                .check(checkpoint ->
                        Variants.refuseOtherElements(checkpoint.config(), "layer_types", "conv", "full_attention"))
                .only("conv_bias", false)
                .tensors(LAYERS)
                .hyperparameters(StandardHyperparameters.ALL);
    }

    private static List<TensorRow> feedForward(Dimension size) {
        return List.of(
                matrix("ffn_gate", "feed_forward.w1", size, HIDDEN),
                matrix("ffn_down", "feed_forward.w2", HIDDEN, size),
                matrix("ffn_up", "feed_forward.w3", size, HIDDEN));
    }

    /** Two thirds of what the configuration says, in steps (_add_feed_forward_length). */
    private static long adjusted(ModelConfig config, int layer) {
        long size = config.integer("block_ff_dim", "intermediate_size");
        if (config.flag("block_auto_adjust_ff_dim")) {
            long step = Math.max(1, config.integer("block_multiple_of"));
            double factor = config.findNumber("block_ffn_dim_multiplier").orElse(1.0);
            size = (long) (factor * (2 * size / 3));
            size = step * ((size + step - 1) / step);
        }
        return size;
    }

    private static void shape(ModelConfig config, HyperparameterWriter out) {
        out.setEach("attention.head_count_kv",
                layer -> CONVOLUTION.contains(config, layer) ? 0 : Dimension.KEY_HEADS.of(config));
        out.set("vocab_size", config.integer("vocab_size"));
        out.set("shortconv.l_cache", config.integer("conv_L_cache"));
    }
}
