package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import java.util.List;

/** Llama 1 to 3, Mistral and Mixtral (conversion/llama.py, LlamaModel): one architecture in GGUF. */
final class LlamaFamily {
    private static final String EXPERT = LAYER + "block_sparse_moe.experts.{expert}.";

    private static final List<TensorRow> EXPERT_ROWS = List.of(
            TensorRow.of(BLOCK + "ffn_gate_inp.weight", LAYER + "block_sparse_moe.gate.weight", EXPERTS, HIDDEN)
                    .or(LAYER + "mlp.gate.weight", Transform.COPY),
            stacked("ffn_gate_exps", "w1", "gate_proj", FEED_FORWARD, HIDDEN),
            stacked("ffn_down_exps", "w2", "down_proj", HIDDEN, FEED_FORWARD),
            stacked("ffn_up_exps", "w3", "up_proj", FEED_FORWARD, HIDDEN));

    static final Architecture LLAMA = Architecture.of(
                    "llama",
                    List.of("LlamaForCausalLM", "LLaMAForCausalLM"),
                    table(DecoderRows.FEED_FORWARD_ROWS),
                    hyperparameters(),
                    LinearGroup.DENSE,
                    DecoderTraits.windows(WindowPattern.NONE))
            .computing(RopeFactors::llama3);

    static final Architecture MISTRAL = Architecture.of(
                    "llama",
                    List.of("MistralForCausalLM"),
                    table(DecoderRows.FEED_FORWARD_ROWS),
                    hyperparameters(),
                    LinearGroup.DENSE,
                    DecoderTraits.windows(WindowPattern.ALL_BY_DEFAULT))
            .computing(RopeFactors::llama3);

    static final Architecture MIXTRAL = Architecture.of(
                    "llama",
                    List.of("MixtralForCausalLM"),
                    table(EXPERT_ROWS),
                    hyperparameters(),
                    LinearGroup.EXPERTS,
                    DecoderTraits.windows(WindowPattern.ALL))
            .computing(RopeFactors::llama3);

    private LlamaFamily() {}

    private static List<TensorRow> table(List<TensorRow> feedForward) {
        return DecoderRows.table(
                List.of(
                        DecoderRows.EMBEDDING,
                        DecoderRows.outputNorm(Transform.COPY),
                        DecoderRows.OUTPUT,
                        norm("attn_norm", "input_layernorm", Transform.COPY, HIDDEN),
                        norm("ffn_norm", "post_attention_layernorm", Transform.COPY, HIDDEN)),
                DecoderRows.attention(Transform.INTERLEAVE_HALVES),
                feedForward);
    }

    private static TensorRow stacked(String output, String ofOne, String ofAll, Dimension rows, Dimension columns) {
        return TensorRow.of(BLOCK + output + ".weight", EXPERT + ofOne + ".weight", Transform.STACK_EXPERTS,
                        EXPERTS, rows, columns)
                .or(LAYER + "mlp.experts." + ofAll + ".weight", Transform.COPY);
    }

    private static List<Hyperparameter> hyperparameters() {
        return List.of(
                StandardHyperparameters.ALL,
                Hyperparameter.requiredInteger("vocab_size", "vocab_size"),
                Hyperparameter.requiredInteger("rope.dimension_count", Dimension.HEAD::of));
    }
}
