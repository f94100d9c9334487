package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.VOCABULARY;
import static io.nightshift.formats.architecture.Dimension.key;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Transform.Factor;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Falcon-H1 (conversion/falcon_h1.py, FalconH1Model): Mamba 2 and attention side by side in each layer. The factors of the
 * configuration are multiplied into the weights.
 */
final class FalconFamily {
    private static final Dimension INNER = key("mamba_d_ssm");
    private static final Dimension HEADS = key("mamba_n_heads");
    private static final Dimension GROUPS_OF_STATES = key("mamba_n_groups").times(key("mamba_d_state"));
    private static final Mamba2Rows MIXER = new Mamba2Rows(
            INNER, HEADS, key("mamba_n_groups"), key("mamba_d_state"), key("mamba_d_conv"));

    private static final Factor ATTENTION_IN = factor("attention_in_multiplier");

    static final Architecture FALCON_H1 = Architecture.named("falcon-h1", "FalconH1ForCausalLM")
            .only("hidden_act", "silu")
            .tensors(
                    TensorRow.of("token_embd.weight", "model.embed_tokens.weight",
                            Transform.times(factor("embedding_multiplier")), VOCABULARY, HIDDEN),
                    TensorRow.of("output.weight", "lm_head.weight",
                            Transform.times(factor("lm_head_multiplier")), VOCABULARY, HIDDEN).unlessTied(),
                    TensorRow.of("output_norm.weight", "model.final_layernorm.weight", HIDDEN),
                    norm("attn_norm", "input_layernorm", HIDDEN),
                    // Without "weight": the converter's table has the whole name of the source.
                    vector("ffn_norm", "pre_ff_layernorm.weight", Transform.COPY, HIDDEN),
                    matrix("attn_q", "self_attn.q_proj", Transform.times(ATTENTION_IN), QUERY, HIDDEN),
                    matrix("attn_k", "self_attn.k_proj",
                            Transform.times(factor("key_multiplier"), ATTENTION_IN), KEY, HIDDEN),
                    matrix("attn_v", "self_attn.v_proj", Transform.times(ATTENTION_IN), KEY, HIDDEN),
                    matrix("attn_output", "self_attn.o_proj",
                            Transform.times(factor("attention_out_multiplier")), HIDDEN, QUERY),
                    matrix("ffn_gate", "feed_forward.gate_proj",
                            Transform.times(factor("mlp_multipliers", 0)), FEED_FORWARD, HIDDEN),
                    matrix("ffn_up", "feed_forward.up_proj", FEED_FORWARD, HIDDEN),
                    matrix("ffn_down", "feed_forward.down_proj",
                            Transform.times(factor("mlp_multipliers", 1)), HIDDEN, FEED_FORWARD),
                    matrix("ssm_in", "mamba.in_proj",
                            Transform.rangesTimes(factor("ssm_in_multiplier"), ranges()), MIXER.projected(), HIDDEN),
                    matrix("ssm_out", "mamba.out_proj", Transform.times(factor("ssm_out_multiplier")), HIDDEN, INNER),
                    MIXER.gatedNorm("mamba").optional())
            .tensors(MIXER.state("mamba"))
            .hyperparameters(FalconFamily::keys)
            .forward(LinearGroup.ATTENTION_BESIDE_STATES, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    private FalconFamily() {}

    /** Gate, input, what goes into the state and comes out of it, and time steps. */
    private static Map<Factor, Dimension> ranges() {
        Map<Factor, Dimension> ranges = new LinkedHashMap<>();
        List<Dimension> sizes = List.of(INNER, INNER, GROUPS_OF_STATES, GROUPS_OF_STATES, HEADS);
        for (int i = 0; i < sizes.size(); i++) {
            ranges.put(factor("ssm_multipliers", i), sizes.get(i));
        }
        return ranges;
    }

    private static Factor factor(String key) {
        return config -> config.number(key);
    }

    private static Factor factor(String key, int index) {
        return config -> config.find(key).map(list -> list.path(index)).filter(JsonNode::isNumber).map(JsonNode::asDouble)
                .orElseThrow(() -> new InvalidModelException(
                        config.location() + ": \"" + key + "\" is no list with a number at place " + index));
    }

    private static void keys(ModelConfig config, HyperparameterWriter out) {
        out.set("context_length", config.findInteger("max_position_embeddings").orElse(0L));
        out.set("embedding_length", HIDDEN.of(config));
        out.set("feed_forward_length", FEED_FORWARD.of(config));
        out.set("attention.head_count", config.integer("num_attention_heads"));
        StandardHyperparameters.BLOCK_COUNT.write(config, out);
        out.set("ssm.conv_kernel", MIXER.kernel().of(config));
        out.set("ssm.inner_size", INNER.of(config));
        out.set("ssm.state_size", MIXER.state().of(config));
        out.set("ssm.time_step_rank", INNER.dividedBy(key("mamba_d_head")).of(config));
        out.set("ssm.group_count", MIXER.groups().of(config));
        out.set("attention.layer_norm_rms_epsilon",
                new GgufValue.Float32((float) config.number("layer_norm_epsilon", "rms_norm_eps")));
        Hyperparameter.fileType().write(config, out);
        out.set("vocab_size", config.integer("vocab_size"));
        out.set("attention.head_count_kv", config.integer("num_key_value_heads"));
        out.set("attention.key_length", HEAD.of(config));
        out.set("attention.value_length", HEAD.of(config));
        out.set("rope.freq_base", new GgufValue.Float32((float) (double) config.findRopeOfAllNumber("rope_theta")
                .orElseThrow(() -> new InvalidModelException(config.location() + ": \"rope_theta\" is missing"))));
    }
}
