package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;

/** Llama 1 to 3, Mistral and Mixtral (conversion/llama.py, LlamaModel): one architecture in GGUF. */
final class LlamaFamily {
    private static final String EXPERT = LAYER + "block_sparse_moe.experts.{expert}.";

    static final Hyperparameter HYPERPARAMETERS = Hyperparameter.all(List.of(
            StandardHyperparameters.ALL,
            Hyperparameter.requiredInteger("vocab_size", "vocab_size"),
            Hyperparameter.requiredInteger("rope.dimension_count", Dimension.HEAD::of)));

    private static final List<TensorRow> EXPERT_ROWS = List.of(
            TensorRow.of(BLOCK + "ffn_gate_inp.weight", LAYER + "block_sparse_moe.gate.weight", EXPERTS, HIDDEN)
                    .or(LAYER + "mlp.gate.weight", Transform.COPY),
            stacked("ffn_gate_exps", "w1", "gate_proj", FEED_FORWARD, HIDDEN),
            stacked("ffn_down_exps", "w2", "down_proj", HIDDEN, FEED_FORWARD),
            stacked("ffn_up_exps", "w3", "up_proj", FEED_FORWARD, HIDDEN));

    static final Architecture LLAMA = family("LlamaForCausalLM", "LLaMAForCausalLM")
            .tensors(table(DecoderRows.FEED_FORWARD_ROWS))
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    static final Architecture MISTRAL = family("MistralForCausalLM")
            .tensors(table(DecoderRows.FEED_FORWARD_ROWS))
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.ALL_BY_DEFAULT))
            .build();

    static final Architecture MIXTRAL = family("MixtralForCausalLM")
            .tensors(table(EXPERT_ROWS))
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.ALL))
            .build();

    private LlamaFamily() {}

    private static Architecture.Builder family(String... modelClasses) {
        return Architecture.named("llama", modelClasses)
                .vocabulary(VocabularyRule.LLAMA)
                .hyperparameters(HYPERPARAMETERS)
                .computing(RopeFactors::llama3);
    }

    /** The rows of a model like Llama with some feed-forward block. */
    static List<TensorRow> table(List<TensorRow> feedForward) {
        return DecoderRows.table(DecoderRows.COMMON, DecoderRows.attention(Transform.INTERLEAVE_HALVES), feedForward);
    }

    private static TensorRow stacked(String output, String ofOne, String ofAll, Dimension rows, Dimension columns) {
        return TensorRow.of(BLOCK + output + ".weight", EXPERT + ofOne + ".weight", EXPERTS, rows, columns)
                .or(LAYER + "mlp.experts." + ofAll + ".weight", Transform.COPY);
    }
}
