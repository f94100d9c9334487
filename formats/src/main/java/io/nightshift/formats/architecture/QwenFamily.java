package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.EXPERT_FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import java.util.List;

/** Qwen 2, 2.5 and 3, dense and with experts (conversion/qwen.py). */
final class QwenFamily {
    private static final List<TensorRow> COMMON = List.of(
            DecoderRows.EMBEDDING,
            DecoderRows.outputNorm(Transform.COPY),
            DecoderRows.OUTPUT,
            norm("attn_norm", "input_layernorm", Transform.COPY, HIDDEN),
            norm("ffn_norm", "post_attention_layernorm", Transform.COPY, HIDDEN));

    private static final List<TensorRow> HEAD_NORMS = List.of(
            norm("attn_q_norm", "self_attn.q_norm", Transform.COPY, HEAD),
            norm("attn_k_norm", "self_attn.k_norm", Transform.COPY, HEAD));

    private static final List<TensorRow> EXPERT_ROWS = List.of(
            TensorRow.of(BLOCK + "ffn_gate_inp.weight", LAYER + "mlp.gate.weight", EXPERTS, HIDDEN),
            expert("ffn_gate_exps", "gate_proj", EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.GATE_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.GATE_HALF),
            expert("ffn_up_exps", "up_proj", EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.UP_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.UP_HALF),
            expert("ffn_down_exps", "down_proj", HIDDEN, EXPERT_FEED_FORWARD)
                    .or(LAYER + "mlp.experts.down_proj", Transform.COPY)
                    .or(LAYER + "mlp.experts.down_proj.weight", Transform.COPY));

    static final Architecture QWEN2 = Architecture.of(
            "qwen2",
            List.of("Qwen2ForCausalLM"),
            DecoderRows.table(COMMON, DecoderRows.attention(Transform.COPY), DecoderRows.FEED_FORWARD_ROWS),
            List.of(StandardHyperparameters.ALL),
            LinearGroup.DENSE,
            DecoderTraits.windows(WindowPattern.LATER_IF_USED));

    static final Architecture QWEN3 = Architecture.of(
            "qwen3",
            List.of("Qwen3ForCausalLM"),
            DecoderRows.table(
                    COMMON, HEAD_NORMS, DecoderRows.attention(Transform.COPY), DecoderRows.FEED_FORWARD_ROWS),
            List.of(StandardHyperparameters.ALL),
            LinearGroup.DENSE,
            DecoderTraits.windows(WindowPattern.LATER_IF_USED));

    static final Architecture QWEN3_MOE = Architecture.of(
            "qwen3moe",
            List.of("Qwen3MoeForCausalLM"),
            DecoderRows.table(COMMON, HEAD_NORMS, DecoderRows.attention(Transform.COPY), EXPERT_ROWS),
            List.of(
                    StandardHyperparameters.ALL,
                    Hyperparameter.integer("expert_feed_forward_length", "moe_intermediate_size"),
                    Hyperparameter.integer("expert_shared_feed_forward_length", "shared_expert_intermediate_size")),
            LinearGroup.EXPERTS,
            DecoderTraits.windows(WindowPattern.ALL_IF_USED)
                    .withExpertWeights(DecoderTraits.ExpertWeights.AS_CONFIGURED));

    private QwenFamily() {}

    private static TensorRow expert(String output, String source, Dimension rows, Dimension columns) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + "mlp.experts.{expert}." + source + ".weight",
                Transform.STACK_EXPERTS, EXPERTS, rows, columns);
    }
}
