package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.HEADS;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.key;

import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Optional;

/**
 * DeepSeek V2 to V3.1 and what is built like them (conversion/deepseek.py, DeepseekV2Model): keys and values are stored
 * compressed, and the matrix that decompresses them is cut in two, that of the keys transposed head by head. The blocks
 * for predicting further tokens are dropped, as the converter drops them.
 */
final class DeepSeekFamily {
    private static final LayerSet MIXTURE = (config, layer) -> layer >= leadingDense(config);

    private static final Dimension ROTATED = key("qk_rope_head_dim");
    private static final Dimension UNROTATED = key("qk_nope_head_dim");
    private static final Dimension VALUE = key("v_head_dim");
    private static final Dimension KEY_RANK = Dimension.ofModel(config -> config.findInteger("kv_lora_rank").orElse(512L));
    private static final Dimension QUERY_RANK = key("q_lora_rank");
    private static final Dimension QUERY = HEADS.times(UNROTATED.plus(ROTATED));
    private static final LayerSet COMPRESSED_QUERIES = (config, layer) -> config.find("q_lora_rank").isPresent();

    /** Attention with compressed keys and values. */
    static final List<TensorRow> ATTENTION = DecoderRows.table(
            TensorRow.in(COMPRESSED_QUERIES.not(), linear("attn_q", "self_attn.q_proj", QUERY, HIDDEN)),
            TensorRow.in(COMPRESSED_QUERIES, linear("attn_q_a", "self_attn.q_a_proj", QUERY_RANK, HIDDEN)),
            TensorRow.in(COMPRESSED_QUERIES, List.of(
                    norm("attn_q_a_norm", "self_attn.q_a_layernorm", QUERY_RANK),
                    matrix("attn_q_b", "self_attn.q_b_proj", QUERY, QUERY_RANK))),
            linear("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa", KEY_RANK.plus(ROTATED), HIDDEN),
            linear("attn_output", "self_attn.o_proj", HIDDEN, HEADS.times(VALUE)),
            List.of(
                    norm("attn_kv_a_norm", "self_attn.kv_a_layernorm", KEY_RANK),
                    matrix("attn_k_b", "self_attn.kv_b_proj",
                            Transform.rowsOfHeads(UNROTATED.plus(VALUE), Dimension.constant(0), true),
                            HEADS, KEY_RANK, UNROTATED),
                    matrix("attn_v_b", "self_attn.kv_b_proj",
                            Transform.rowsOfHeads(UNROTATED.plus(VALUE), UNROTATED, false),
                            HEADS, VALUE, KEY_RANK)));

    /** Routed experts, and shared ones as one, in all layers but the leading ones. */
    static final List<TensorRow> FEED_FORWARD = DecoderRows.table(
            TensorRow.in(MIXTURE.not(), DecoderRows.FEED_FORWARD_ROWS),
            TensorRow.in(MIXTURE, DecoderRows.EXPERT_ROWS),
            TensorRow.in(MIXTURE, List.of(
                    vector("exp_probs_b.bias", "mlp.gate.e_score_correction.bias", Transform.COPY, EXPERTS).optional())),
            TensorRow.in(MIXTURE.and((config, layer) -> config.findInteger("n_shared_experts").orElse(0L) > 0),
                    DecoderRows.sharedExperts(key("n_shared_experts"))));

    /** Pairs of channels that are rotated are neighbours; all heads have keys of their own. */
    private static final DecoderTraits TRAITS = DecoderTraits.windows(WindowPattern.NONE)
            .with(new Heads(ROTATED, HEADS, (config, layer) -> layer, true, false))
            .with(Rotation.OF_NEIGHBOURS);

    static final Architecture DEEPSEEK2 = deepSeek("DeepseekV2ForCausalLM")
            .forward(LinearGroup.LATENT_ATTENTION,
                    TRAITS.withExpertWeights(DecoderTraits.ExpertWeights.SOFTMAX_OF_GROUPS))
            .build();

    static final Architecture DEEPSEEK3 = forward(deepSeek("DeepseekV3ForCausalLM")).build();

    private DeepSeekFamily() {}

    private static Architecture.Builder deepSeek(String modelClass) {
        return Architecture.named("deepseek2", modelClass)
                .vocabulary(VocabularyRule.DEEPSEEK)
                .naming(SourceNaming.STANDARD.leavingOutFurtherLayers().leavingOutTiedOutput())
                .only("hidden_act", "silu")
                .only("moe_layer_freq", 1)
                .only("rope_interleave", true)
                .tensors(DecoderRows.COMMON, ATTENTION, FEED_FORWARD)
                .hyperparameters(DeepSeekFamily::keys);
    }

    /** The forward pass of DeepSeek V3, for a table that has its tensors. */
    static Architecture.Builder forward(Architecture.Builder table) {
        return table
                .forward(LinearGroup.LATENT_ATTENTION,
                        TRAITS.withExpertWeights(DecoderTraits.ExpertWeights.SIGMOID_OF_GROUPS));
    }

    private static long leadingDense(ModelConfig config) {
        boolean dense = config.findInteger("n_routed_experts").isEmpty();
        return config.findInteger("first_k_dense_replace").orElse(dense ? (long) BlockCount.layers(config) : 0L);
    }

    static void keys(ModelConfig config, HyperparameterWriter out) {
        // One key and value head: what is cached is what all heads decompress.
        StandardHyperparameters.ALL.write(
                config.with("num_key_value_heads", 1).withDefault("rms_norm_eps", 1e-6), out);
        out.set("leading_dense_block_count", leadingDense(config));
        out.set("vocab_size", config.integer("vocab_size"));
        config.findInteger("q_lora_rank").ifPresent(rank -> out.set("attention.q_lora_rank", rank));
        out.set("attention.kv_lora_rank", KEY_RANK.of(config));
        out.set("attention.key_length", KEY_RANK.plus(ROTATED).of(config));
        out.set("attention.value_length", KEY_RANK.of(config));
        out.set("attention.key_length_mla", UNROTATED.plus(ROTATED).of(config));
        out.set("attention.value_length_mla", VALUE.of(config));
        out.set("expert_feed_forward_length", config.integer("moe_intermediate_size", "intermediate_size"));
        config.findInteger("n_routed_experts").ifPresent(experts -> out.set("expert_count", experts));
        out.set("expert_shared_count", config.findInteger("n_shared_experts").orElse(0L));
        config.findNumber("routed_scaling_factor")
                .ifPresent(factor -> out.set("expert_weights_scale", new GgufValue.Float32(factor.floatValue())));
        if (config.flag("norm_topk_prob")) {
            out.set("expert_weights_norm", new GgufValue.Bool(true));
        }
        out.set("rope.dimension_count", ROTATED.of(config));
        Optional<Double> scale = config.findRopeOfAllNumber("mscale_all_dim");
        scale.ifPresent(value ->
                out.set("rope.scaling.yarn_log_multiplier", new GgufValue.Float32((float) (0.1 * value))));
    }
}
