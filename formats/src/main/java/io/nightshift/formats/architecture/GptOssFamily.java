package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEADS;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import java.util.List;

/** gpt-oss, its experts in MXFP4 or, in fine-tunes, as floats (conversion/gpt_oss.py). Gate and up rows take turns. */
final class GptOssFamily {
    private static final List<TensorRow> EXPERT_ROWS = List.of(
            expert("ffn_gate_exps", "gate_up_proj", "gate_proj", Transform.mxfp4(2, 0),
                    Transform.transposedExperts(2, rows -> RowOrder.every(2, 0)), FEED_FORWARD, HIDDEN),
            expert("ffn_up_exps", "gate_up_proj", "up_proj", Transform.mxfp4(2, 1),
                    Transform.transposedExperts(2, rows -> RowOrder.every(2, 1)), FEED_FORWARD, HIDDEN),
            expert("ffn_down_exps", "down_proj", "down_proj", Transform.mxfp4(1, 0),
                    Transform.transposedExperts(1, rows -> RowOrder.AS_IS), HIDDEN, FEED_FORWARD),
            bias("ffn_gate_exps", "gate_up_proj", Transform.everyElement(2, 0), FEED_FORWARD),
            bias("ffn_up_exps", "gate_up_proj", Transform.everyElement(2, 1), FEED_FORWARD),
            bias("ffn_down_exps", "down_proj", Transform.COPY, HIDDEN));

    static final Architecture GPT_OSS = Architecture.named("gpt-oss", "GptOssForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.EMBEDDING_AND_OUTPUT, List.of(
                    norm("attn_norm", "input_layernorm", HIDDEN),
                    norm("post_attention_norm", "post_attention_layernorm", HIDDEN),
                    vector("attn_sinks.weight", "self_attn.sinks", Transform.COPY, HEADS)))
            .tensors(DecoderRows.attention(), linear("ffn_gate_inp", "mlp.router", EXPERTS, HIDDEN), EXPERT_ROWS)
            .hyperparameters(
                    StandardHyperparameters.ALL,
                    Hyperparameter.requiredInteger("attention.sliding_window", "sliding_window"),
                    Hyperparameter.requiredInteger("expert_feed_forward_length", "intermediate_size"))
            .forward(LinearGroup.CLAMPED_EXPERTS, DecoderTraits.windows(WindowPattern.ALTERNATING)
                    .withActivation(DecoderTraits.CLAMPED_SWIGLU)
                    .withFeedForwardNorm("post_attention_norm"))
            .build();

    private GptOssFamily() {}

    /** @param loaders what llm-compressor calls it where experts are apart; checkpoints have them stacked */
    private static TensorRow expert(
            String output, String source, String loaders, Transform packed, Transform floats, Dimension rows,
            Dimension columns) {
        String experts = LAYER + "mlp.experts." + source;
        return TensorRow.of(BLOCK + output + ".weight", experts + "_blocks", packed, EXPERTS, rows, columns)
                .or(experts, floats)
                .or(LAYER + "mlp.experts.{expert}." + loaders + ".weight", Transform.STACKED_ALONE);
    }

    private static TensorRow bias(String output, String source, Transform transform, Dimension size) {
        return vector(output + ".bias", "mlp.experts." + source + "_bias", transform, EXPERTS, size);
    }
}
