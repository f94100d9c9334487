package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.GATE_AND_UP;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.QUERY_KEY_VALUE;
import static io.nightshift.formats.architecture.Hyperparameter.number;
import static io.nightshift.formats.architecture.Hyperparameter.requiredInteger;
import static io.nightshift.formats.architecture.Hyperparameter.requiredNumber;

import java.util.List;

/** Phi-3, 3.5 and 4, which share a model class (conversion/phi.py, Phi3MiniModel). */
final class PhiFamily {
    static final Architecture PHI3 = Architecture.of(
                    "phi3",
                    List.of("Phi3ForCausalLM"),
                    DecoderRows.table(
                            List.of(
                                    DecoderRows.EMBEDDING,
                                    DecoderRows.outputNorm(Transform.COPY),
                                    DecoderRows.OUTPUT,
                                    norm("attn_norm", "input_layernorm", Transform.COPY, HIDDEN),
                                    norm("ffn_norm", "post_attention_layernorm", Transform.COPY, HIDDEN)),
                            linear("attn_qkv", "self_attn.qkv_proj", Transform.COPY, QUERY_KEY_VALUE, HIDDEN),
                            linear("attn_output", "self_attn.o_proj", Transform.COPY, HIDDEN, QUERY),
                            linear("ffn_up", "mlp.gate_up_proj", Transform.COPY, GATE_AND_UP, HIDDEN),
                            linear("ffn_down", "mlp.down_proj", Transform.COPY, HIDDEN, FEED_FORWARD)),
                    List.of(
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
                            requiredInteger("attention.sliding_window",
                                    config -> config.findInteger("sliding_window").orElse(0L))),
                    List.of(
                            LinearGroup.of("attn_norm", Role.QUERY_KEY_VALUE),
                            LinearGroup.of("ffn_norm", Role.UP),
                            LinearGroup.of(Role.UP.tensor(), Role.DOWN)),
                    DecoderTraits.windows(WindowPattern.ALL))
            .computing(RopeFactors::longrope, number("rope.scaling.attn_factor", RopeFactors::attentionFactor));

    private PhiFamily() {}
}
