package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.GATE_AND_UP;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.QUERY_KEY_VALUE;
import static io.nightshift.formats.architecture.Hyperparameter.number;
import static io.nightshift.formats.architecture.Hyperparameter.requiredInteger;
import static io.nightshift.formats.architecture.Hyperparameter.requiredNumber;

import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;

/** Phi-3, 3.5 and 4, which share a model class (conversion/phi.py, Phi3MiniModel). */
final class PhiFamily {
    static final Architecture PHI3 = Architecture.named("phi3", "Phi3ForCausalLM")
            .vocabulary(VocabularyRule.PHI3)
            .tensors(
                    DecoderRows.COMMON,
                    linear("attn_qkv", "self_attn.qkv_proj", QUERY_KEY_VALUE, HIDDEN),
                    linear("attn_output", "self_attn.o_proj", HIDDEN, QUERY),
                    linear("ffn_up", "mlp.gate_up_proj", GATE_AND_UP, HIDDEN),
                    linear("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD))
            .computing(RopeFactors::longrope)
            .leading(number("rope.scaling.attn_factor", RopeFactors::attentionFactor))
            .hyperparameters(
                    requiredInteger("context_length", "n_positions", "max_position_embeddings"),
                    requiredInteger("rope.scaling.original_context_length",
                            config -> config.ropeInteger("original_max_position_embeddings")),
                    requiredInteger("embedding_length", "hidden_size", "n_embd"),
                    requiredInteger("feed_forward_length", "intermediate_size"),
                    StandardHyperparameters.BLOCK_COUNT,
                    requiredInteger("attention.head_count", "num_attention_heads", "n_head"),
                    requiredInteger("attention.head_count_kv", "num_key_value_heads", "n_head_kv"),
                    requiredNumber("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
                    requiredInteger("rope.dimension_count", RopeFactors::partialDimensions),
                    number("rope.freq_base", config -> config.findRopeNumber("rope_theta")),
                    Hyperparameter.fileType(),
                    // 0 tells Phi-4 from the other models of this architecture.
                    requiredInteger("attention.sliding_window", config -> config.findInteger("sliding_window").orElse(0L)))
            .forward(
                    List.of(
                            LinearGroup.of("attn_norm", Role.QUERY_KEY_VALUE),
                            LinearGroup.of("ffn_norm", Role.UP),
                            LinearGroup.of(Role.UP.tensor(), Role.DOWN)),
                    DecoderTraits.windows(WindowPattern.ALL))
            .build();

    private PhiFamily() {}
}
