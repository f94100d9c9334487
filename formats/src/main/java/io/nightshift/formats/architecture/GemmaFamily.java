package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Hyperparameter.number;
import static io.nightshift.formats.architecture.Hyperparameter.requiredInteger;
import static io.nightshift.formats.architecture.Hyperparameter.requiredNumber;
import static io.nightshift.formats.architecture.Transform.ADD_ONE;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Optional;

/** Gemma 2 and the text part of Gemma 3 (conversion/gemma.py, Gemma2Model and Gemma3Model). */
final class GemmaFamily {
    private static final List<TensorRow> NORMS = List.of(
            DecoderRows.outputNorm(ADD_ONE),
            norm("attn_norm", "input_layernorm", ADD_ONE, HIDDEN),
            norm("post_attention_norm", "post_attention_layernorm", ADD_ONE, HIDDEN),
            norm("ffn_norm", "pre_feedforward_layernorm", ADD_ONE, HIDDEN),
            norm("post_ffw_norm", "post_feedforward_layernorm", ADD_ONE, HIDDEN));

    private static final List<TensorRow> HEAD_NORMS = List.of(
            norm("attn_q_norm", "self_attn.q_norm", ADD_ONE, HEAD),
            norm("attn_k_norm", "self_attn.k_norm", ADD_ONE, HEAD));

    /** The embedding, cut to the tokens that the tokenizer has. */
    static final List<TensorRow> CUT_VOCABULARY = List.of(
            TensorRow.of("token_embd.weight", "model.embed_tokens.weight", Transform.CUT_TO_TOKENS,
                    Dimension.VOCABULARY, HIDDEN),
            DecoderRows.OUTPUT);

    static final Architecture GEMMA2 = Architecture.named("gemma2", "Gemma2ForCausalLM")
            .vocabulary(VocabularyRule.GEMMA2)
            .leavingOut("lm_head.weight")
            .tensors(List.of(DecoderRows.EMBEDDING), NORMS, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(
                    requiredInteger("context_length", "max_position_embeddings"),
                    requiredInteger("embedding_length", "hidden_size"),
                    StandardHyperparameters.BLOCK_COUNT,
                    requiredInteger("feed_forward_length", "intermediate_size"),
                    requiredInteger("attention.head_count", "num_attention_heads"),
                    requiredInteger("attention.head_count_kv", "num_key_value_heads", "num_attention_heads"),
                    requiredNumber("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
                    requiredInteger("attention.key_length", "head_dim"),
                    requiredInteger("attention.value_length", "head_dim"),
                    Hyperparameter.fileType(),
                    requiredNumber("attn_logit_softcapping", "attn_logit_softcapping"),
                    requiredNumber("final_logit_softcapping", "final_logit_softcapping"),
                    requiredInteger("attention.sliding_window", "sliding_window"))
            .forward(LinearGroup.DENSE, DecoderTraits.gemma(WindowPattern.ALTERNATING, true))
            .build();

    /** Keys of Gemma 3 and of what is derived from it. */
    static final Hyperparameter GEMMA3_KEYS = Hyperparameter.all(List.of(
            StandardHyperparameters.ALL,
            withDefault("context_length", "max_position_embeddings", 131072),
            withDefault("attention.head_count", "num_attention_heads", 8),
            number("attention.layer_norm_rms_epsilon",
                    config -> config.findNumber("rms_norm_eps").or(() -> Optional.of(1e-6))),
            withDefault("attention.key_length", "head_dim", 256),
            withDefault("attention.value_length", "head_dim", 256),
            number("rope.freq_base",
                    config -> config.findRopeNumber("rope_theta").or(() -> Optional.of(1e6))),
            number("final_logit_softcapping",
                    config -> config.findNumber("final_logit_softcapping").filter(value -> value != 0)),
            GemmaFamily::slidingWindow,
            withDefault("attention.head_count_kv", "num_key_value_heads", 4)));

    static final Architecture GEMMA3 = Architecture.named(
                    "gemma3", "Gemma3ForCausalLM", "Gemma3ForConditionalGeneration")
            .vocabulary(VocabularyRule.GEMMA3)
            .tensors(CUT_VOCABULARY, NORMS, HEAD_NORMS, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(GEMMA3_KEYS)
            // AWQ scales between this norm and attention make Gemma 3 worse (llm-compressor, issue 2522).
            .forward(LinearGroup.DENSE_UNSCALED_ATTENTION, DecoderTraits.gemma(WindowPattern.ALL_BUT_EACH_NTH, false))
            .build();

    private GemmaFamily() {}

    private static Hyperparameter withDefault(String key, String name, long value) {
        return requiredInteger(key, config -> config.findInteger(name).orElse(value));
    }

    private static void slidingWindow(ModelConfig config, HyperparameterWriter out) {
        if (config.find("sliding_window_pattern").map(JsonNode::asInt).orElse(0) != 1) {
            out.set("attention.sliding_window", new GgufValue.Uint32(config.integer("sliding_window")));
        }
    }
}
