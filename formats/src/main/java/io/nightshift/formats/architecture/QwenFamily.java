package io.nightshift.formats.architecture;


import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.key;

import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;

/** Qwen 2, 2.5 and 3, dense and with experts (conversion/qwen.py). */
final class QwenFamily {
    /** An expert that all tokens go through, and the gate of it. */
    static final List<TensorRow> SHARED_EXPERT = List.of(
            matrix("ffn_gate_inp_shexp", "mlp.shared_expert_gate", Dimension.ONE, HIDDEN),
            matrix("ffn_gate_shexp", "mlp.shared_expert.gate_proj", key("shared_expert_intermediate_size"), HIDDEN),
            matrix("ffn_up_shexp", "mlp.shared_expert.up_proj", key("shared_expert_intermediate_size"), HIDDEN),
            matrix("ffn_down_shexp", "mlp.shared_expert.down_proj", HIDDEN, key("shared_expert_intermediate_size")));

    static final Hyperparameter EXPERT_KEYS = Hyperparameter.all(List.of(
            Hyperparameter.integer("expert_feed_forward_length", "moe_intermediate_size"),
            Hyperparameter.integer("expert_shared_feed_forward_length", "shared_expert_intermediate_size")));

    static final Architecture QWEN2 = Architecture.named("qwen2", "Qwen2ForCausalLM")
            .vocabulary(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR)
            .check(UnsupportedVariants::refusePooled)
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.LATER_IF_USED))
            .build();

    static final Architecture QWEN3 = Architecture.named("qwen3", "Qwen3ForCausalLM")
            .vocabulary(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR)
            .check(UnsupportedVariants::refusePooled)
            .check(UnsupportedVariants::refuseRerankers)
            .tensors(DecoderRows.COMMON, DecoderRows.HEAD_NORMS, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.LATER_IF_USED))
            .build();

    static final Architecture QWEN3_MOE = Architecture.named("qwen3moe", "Qwen3MoeForCausalLM")
            .tensors(DecoderRows.COMMON, DecoderRows.HEAD_NORMS, DecoderRows.attention(), DecoderRows.EXPERT_ROWS)
            .hyperparameters(StandardHyperparameters.ALL, EXPERT_KEYS)
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.ALL_IF_USED)
                    .withExpertWeights(DecoderTraits.ExpertWeights.AS_CONFIGURED))
            .build();

    private QwenFamily() {}
}
