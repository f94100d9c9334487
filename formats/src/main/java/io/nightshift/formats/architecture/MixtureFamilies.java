package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.EXPERT_FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Hyperparameter.requiredInteger;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Families with experts, and text parts of vision models, each a table. The class of the converter stands beside each. */
final class MixtureFamilies {
    private static final Hyperparameter DEEPSTACK = (config, out) -> out.set("n_deepstack_layers",
            (long) config.find("vision_config").map(vision -> vision.path("deepstack_visual_indexes").size()).orElse(0));

    /** conversion/qwenvl.py, Qwen2VLModel. */
    static final Architecture QWEN2_VL = Architecture.named(
                    "qwen2vl", "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration")
            .vocabulary(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR)
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.LATER_IF_USED))
            .build();

    /** conversion/qwen3vl.py, Qwen3VLTextModel. */
    static final Architecture QWEN3_VL = Architecture.named("qwen3vl", "Qwen3VLForConditionalGeneration")
            .vocabulary(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR)
            .check(UnsupportedVariants::refusePooled)
            .check(UnsupportedVariants::refuseRerankers)
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.HEAD_NORMS, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(StandardHyperparameters.ALL, DEEPSTACK)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    /** conversion/qwen3vl.py, Qwen3VLMoeTextModel: stacked experts are stored transposed. */
    static final Architecture QWEN3_VL_MOE = Architecture.named("qwen3vlmoe", "Qwen3VLMoeForConditionalGeneration")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.HEAD_NORMS, DecoderRows.attention(), List.of(
                    matrix("ffn_gate_inp", "mlp.gate", EXPERTS, HIDDEN),
                    transposed("ffn_gate_exps", "gate_proj", "gate_up_proj",
                            Transform.transposedExperts(2, rows -> RowOrder.AS_IS), EXPERT_FEED_FORWARD, HIDDEN),
                    transposed("ffn_up_exps", "up_proj", "gate_up_proj",
                            Transform.transposedExperts(2, RowOrder::from), EXPERT_FEED_FORWARD, HIDDEN),
                    transposed("ffn_down_exps", "down_proj", "down_proj",
                            Transform.transposedExperts(1, rows -> RowOrder.AS_IS), HIDDEN, EXPERT_FEED_FORWARD)))
            .hyperparameters(StandardHyperparameters.ALL, QwenFamily.EXPERT_KEYS, DEEPSTACK)
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    /** conversion/qwen.py, Qwen2MoeModel. */
    static final Architecture QWEN2_MOE = Architecture.named("qwen2moe", "Qwen2MoeForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.EXPERT_ROWS, QwenFamily.SHARED_EXPERT)
            .hyperparameters(StandardHyperparameters.ALL, QwenFamily.EXPERT_KEYS)
            .forward(LinearGroup.SHARED_EXPERT, DecoderTraits.windows(WindowPattern.LATER_IF_USED)
                    .withExpertWeights(DecoderTraits.ExpertWeights.AS_CONFIGURED))
            .build();

    /** conversion/olmo.py, OlmoeModel: norms over all heads together. */
    static final Architecture OLMOE = Architecture.named("olmoe", "OlmoeForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.QUERY_AND_KEY_NORMS, List.of(
                    matrix("ffn_gate_inp", "mlp.gate", EXPERTS, HIDDEN),
                    matrix("ffn_gate_exps", "mlp.experts.{expert}.gate_proj", EXPERTS, FEED_FORWARD, HIDDEN),
                    matrix("ffn_up_exps", "mlp.experts.{expert}.up_proj", EXPERTS, FEED_FORWARD, HIDDEN),
                    matrix("ffn_down_exps", "mlp.experts.{expert}.down_proj", EXPERTS, HIDDEN, FEED_FORWARD)))
            .hyperparameters(StandardHyperparameters.ALL, (config, out) ->
                    out.set("attention.layer_norm_rms_epsilon", new GgufValue.Float32(1e-5f)))
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.NONE)
                    .withExpertWeights(DecoderTraits.ExpertWeights.AS_CONFIGURED))
            .build();

    /** conversion/minimax.py, MiniMaxM2Model. */
    static final Architecture MINIMAX_M2 = Architecture.named("minimax-m2", "MiniMaxM2ForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.QUERY_AND_KEY_NORMS, List.of(
                    matrix("ffn_gate_inp", "block_sparse_moe.gate", EXPERTS, HIDDEN),
                    vector("exp_probs_b.bias", "block_sparse_moe.e_score_correction.bias", Transform.COPY, EXPERTS),
                    matrix("ffn_gate_exps", "block_sparse_moe.experts.{expert}.w1", EXPERTS, FEED_FORWARD, HIDDEN),
                    matrix("ffn_down_exps", "block_sparse_moe.experts.{expert}.w2", EXPERTS, HIDDEN, FEED_FORWARD),
                    matrix("ffn_up_exps", "block_sparse_moe.experts.{expert}.w3", EXPERTS, FEED_FORWARD, HIDDEN)))
            .hyperparameters(
                    StandardHyperparameters.ALL,
                    requiredInteger("expert_feed_forward_length", "intermediate_size"),
                    requiredInteger("rope.dimension_count", "rotary_dim"))
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.NONE)
                    .withExpertWeights(DecoderTraits.ExpertWeights.SIGMOID))
            .build();

    private static final LayerSet LLAMA4_MIXTURE = (config, layer) ->
            (layer + 1) % Math.max(1, config.integer("interleave_moe_layer_step")) == 0;
    private static final Dimension LLAMA4_DENSE = Dimension.key("intermediate_size_mlp");

    /** conversion/llama.py, Llama4Model: queries and keys are not permuted, stacked experts are stored transposed. */
    static final Architecture LLAMA4 = Architecture.named("llama4", "Llama4ForConditionalGeneration", "Llama4ForCausalLM")
            .only("hidden_act", "silu")
            .check(checkpoint -> requireInterleaved(checkpoint.config()))
            .tensors(
                    DecoderRows.COMMON,
                    DecoderRows.attention(),
                    TensorRow.in(LLAMA4_MIXTURE.not(), List.of(
                            matrix("ffn_gate", "feed_forward.gate_proj", LLAMA4_DENSE, HIDDEN),
                            matrix("ffn_up", "feed_forward.up_proj", LLAMA4_DENSE, HIDDEN),
                            matrix("ffn_down", "feed_forward.down_proj", HIDDEN, LLAMA4_DENSE))),
                    TensorRow.in(LLAMA4_MIXTURE, List.of(
                            matrix("ffn_gate_inp", "feed_forward.router", EXPERTS, HIDDEN),
                            vector("ffn_gate_exps.weight", "feed_forward.experts.gate_up_proj",
                                    Transform.transposedExperts(2, rows -> RowOrder.AS_IS), EXPERTS, FEED_FORWARD, HIDDEN),
                            vector("ffn_up_exps.weight", "feed_forward.experts.gate_up_proj",
                                    Transform.transposedExperts(2, RowOrder::from), EXPERTS, FEED_FORWARD, HIDDEN),
                            vector("ffn_down_exps.weight", "feed_forward.experts.down_proj",
                                    Transform.transposedExperts(1, rows -> RowOrder.AS_IS), EXPERTS, HIDDEN, FEED_FORWARD),
                            matrix("ffn_gate_shexp", "feed_forward.shared_expert.gate_proj", FEED_FORWARD, HIDDEN),
                            matrix("ffn_up_shexp", "feed_forward.shared_expert.up_proj", FEED_FORWARD, HIDDEN),
                            matrix("ffn_down_shexp", "feed_forward.shared_expert.down_proj", HIDDEN, FEED_FORWARD))))
            .computing(RopeFactors::llama3)
            .hyperparameters(MixtureFamilies::llama4Keys)
            .build();

    private static final LayerSet ERNIE_MIXTURE = (config, layer) -> layer >= config.integer("moe_layer_start_index")
            && (layer + 1) % Math.max(1, config.integer("moe_layer_interval")) == 0;

    /** conversion/ernie.py, Ernie4_5MoeModel; blocks for predicting further tokens are dropped. */
    static final Architecture ERNIE45_MOE = Architecture.named("ernie4_5-moe", "Ernie4_5_MoeForCausalLM")
            .vocabulary(VocabularyRule.ERNIE)
            .naming(SourceNaming.STANDARD
                    .renaming(name -> name.replace("ernie.", "model."))
                    .leavingOut(name -> name.startsWith("model.mtp_")))
            .only("hidden_act", "silu")
            .check(checkpoint -> Variants.refuseOthers(checkpoint.config(), "moe_layer_end_index",
                    -1, BlockCount.layers(checkpoint.config()) - 1))
            .tensors(
                    DecoderRows.COMMON,
                    DecoderRows.attention(),
                    TensorRow.in(ERNIE_MIXTURE.not(), DecoderRows.FEED_FORWARD_ROWS),
                    TensorRow.in(ERNIE_MIXTURE, DecoderRows.EXPERT_ROWS),
                    TensorRow.in(ERNIE_MIXTURE, List.of(vector("exp_probs_b.bias",
                            "mlp.moe_statics.e_score_correction.bias", Transform.COPY, Dimension.ONE, EXPERTS).optional())),
                    TensorRow.in(
                            ERNIE_MIXTURE.and((config, layer) -> config.findInteger("moe_num_shared_experts").orElse(0L) > 0),
                            DecoderRows.sharedExperts(Dimension.key("moe_num_shared_experts"))))
            .hyperparameters(StandardHyperparameters.ALL, MixtureFamilies::ernieExperts)
            .forward(LinearGroup.DENSE_OR_EXPERTS,
                    DecoderTraits.windows(WindowPattern.NONE).with(Rotation.OF_NEIGHBOURS))
            .build();

    private MixtureFamilies() {}

    /** Layers with experts may be listed, but loaders know only their distance. */
    private static void requireInterleaved(ModelConfig config) {
        config.find("moe_layers").ifPresent(listed -> {
            List<Integer> layers = new ArrayList<>();
            listed.forEach(layer -> layers.add(layer.asInt()));
            List<Integer> spaced = IntStream.range(0, BlockCount.layers(config))
                    .filter(layer -> LLAMA4_MIXTURE.contains(config, layer))
                    .boxed()
                    .toList();
            if (!layers.equals(spaced)) {
                throw new InvalidModelException(config.location() + ": \"moe_layers\" is " + listed
                        + ", but by \"interleave_moe_layer_step\", which llama.cpp goes by, it would be " + spaced);
            }
        });
    }

    private static void llama4Keys(ModelConfig config, HyperparameterWriter out) {
        LlamaFamily.HYPERPARAMETERS.write(config.with("intermediate_size", LLAMA4_DENSE.of(config)), out);
        out.set("interleave_moe_layer_step", config.integer("interleave_moe_layer_step"));
        out.set("expert_feed_forward_length", FEED_FORWARD.of(config));
        boolean full = config.find("layer_types").isPresent() && IntStream.range(0, BlockCount.layers(config))
                .allMatch(layer -> LayerSet.typed("full_attention").contains(config, layer));
        if (full) {
            out.set("attention.sliding_window", 0L);
        }
    }

    private static void ernieExperts(ModelConfig config, HyperparameterWriter out) {
        out.set("expert_count", config.integer("moe_num_experts"));
        out.set("expert_used_count", config.integer("moe_k"));
        out.set("interleave_moe_layer_step", config.integer("moe_layer_interval"));
        out.set("leading_dense_block_count", config.integer("moe_layer_start_index"));
        config.findInteger("moe_intermediate_size").ifPresent(size -> out.set("expert_feed_forward_length", size));
        long shared = config.findInteger("moe_num_shared_experts").orElse(0L);
        out.set("expert_shared_count", shared);
        if (shared > 0) {
            // Not the size of the shared experts, except in the models that were published.
            out.set("expert_shared_feed_forward_length",
                    FEED_FORWARD.of(config) / Math.max(1, Dimension.KEY_HEADS.of(config)));
        }
    }

    private static TensorRow transposed(
            String output, String one, String all, Transform transform, Dimension rows, Dimension columns) {
        return matrix(output, "mlp.experts.{expert}." + one, EXPERTS, rows, columns)
                .or(LAYER + "mlp.experts." + all, transform)
                .or(LAYER + "mlp.experts." + all + ".weight", transform);
    }
}
