package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.VOCABULARY;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Optional;

/**
 * GLM-4.5 to 4.7 and GLM-4.7-Flash (conversion/glm.py). Both keep the blocks that predict further tokens, which are whole
 * layers behind the last.
 */
final class GlmFamily {
    private static final String PREDICTION_BLOCKS = "num_nextn_predict_layers";

    /** What a layer has besides where it predicts a further token; its own embedding and output may be left out. */
    private static final List<TensorRow> PREDICTION = TensorRow.in(LayerSet.PREDICTION, List.of(
            matrix("nextn.eh_proj", "eh_proj", HIDDEN, HIDDEN.times(2)),
            matrix("nextn.embed_tokens", "embed_tokens", VOCABULARY, HIDDEN).optional(),
            norm("nextn.enorm", "enorm", HIDDEN),
            norm("nextn.hnorm", "hnorm", HIDDEN),
            matrix("nextn.shared_head_head", "shared_head.head", VOCABULARY, HIDDEN).optional(),
            norm("nextn.shared_head_norm", "shared_head.norm", HIDDEN).optional()));

    /** Glm4MoeModel. */
    static final Architecture GLM4_MOE = Architecture.named("glm4moe", "Glm4MoeForCausalLM")
            .vocabulary(VocabularyRule.GLM)
            .naming(SourceNaming.STANDARD.leavingOutUnkeptPrediction())
            .blocks(BlockCount.andPrediction(PREDICTION_BLOCKS))
            .only("hidden_act", "silu")
            .tensors(
                    DecoderRows.EMBEDDING_AND_OUTPUT,
                    List.of(
                            norm("attn_norm", "input_layernorm", HIDDEN),
                            norm("post_attention_norm", "post_attention_layernorm", HIDDEN)),
                    DecoderRows.attention(),
                    DecoderRows.HEAD_NORMS.stream().map(TensorRow::optional).toList(),
                    DeepSeekFamily.FEED_FORWARD,
                    PREDICTION)
            .hyperparameters(StandardHyperparameters.ALL, GlmFamily::experts, GlmFamily::prediction)
            .forward(LinearGroup.ANY_LAYER, DecoderTraits.windows(WindowPattern.NONE)
                    .withFeedForwardNorm("post_attention_norm")
                    .withExpertWeights(DecoderTraits.ExpertWeights.SIGMOID_OF_GROUPS))
            .build();

    /** Glm4MoeLiteModel: built like DeepSeek V3. */
    static final Architecture GLM4_MOE_LITE = DeepSeekFamily.forward(Architecture.named("deepseek2", "Glm4MoeLiteForCausalLM")
            .vocabulary(VocabularyRule.GLM)
            .check(GlmFamily::requireDenseLayers)
            .naming(GlmFamily::nameInLite)
            .blocks(BlockCount.andPrediction(PREDICTION_BLOCKS))
            .only("hidden_act", "silu")
            .only("rope_interleave", true)
            .tensors(DecoderRows.COMMON, DeepSeekFamily.ATTENTION, DeepSeekFamily.FEED_FORWARD, PREDICTION)
            .hyperparameters(DeepSeekFamily::keys, (config, out) -> {
                if (predicts(config)) {
                    prediction(config, out);
                }
            }))
            .build();

    private GlmFamily() {}

    /** Configurations that transformers 5 has saved list kinds of layers, which the converter does not look at. */
    private static void requireDenseLayers(Checkpoint checkpoint) {
        if (checkpoint.config().find("first_k_dense_replace").isEmpty()) {
            throw new InvalidModelException(checkpoint.config().location()
                    + ": \"first_k_dense_replace\" is missing, the number of leading layers without experts. Add it, as"
                    + " the model's original configuration has it");
        }
    }

    /** The block that predicts further tokens is dropped where the configuration does not count it. */
    private static Optional<String> nameInLite(String tensor, ModelConfig config) {
        SourceNaming naming = SourceNaming.STANDARD.leavingOutTiedOutput();
        return (predicts(config) ? naming : naming.leavingOutFurtherLayers()).nameOf(tensor, config);
    }

    private static boolean predicts(ModelConfig config) {
        return config.keepsPrediction() && config.findInteger(PREDICTION_BLOCKS).orElse(0L) > 0;
    }

    private static void experts(ModelConfig config, HyperparameterWriter out) {
        double rotated = config.findRopeOfAllNumber("partial_rotary_factor").orElse(0.5);
        out.set("rope.dimension_count", (long) (HEAD.of(config) * rotated));
        config.findInteger("n_routed_experts").ifPresent(experts -> out.set("expert_count", experts));
        config.findInteger("moe_intermediate_size").ifPresent(size -> out.set("expert_feed_forward_length", size));
        config.findInteger("n_shared_experts").ifPresent(experts -> out.set("expert_shared_count", experts));
        config.findInteger("first_k_dense_replace").ifPresent(layers -> out.set("leading_dense_block_count", layers));
        out.set("expert_gating_func", 2L); // sigmoid
        config.findNumber("routed_scaling_factor")
                .ifPresent(factor -> out.set("expert_weights_scale", new GgufValue.Float32(factor.floatValue())));
        config.find("norm_topk_prob")
                .ifPresent(norm -> out.set("expert_weights_norm", new GgufValue.Bool(norm.asBoolean())));
    }

    private static void prediction(ModelConfig config, HyperparameterWriter out) {
        if (config.keepsPrediction()) {
            config.findInteger(PREDICTION_BLOCKS).ifPresent(blocks -> out.set("nextn_predict_layers", blocks));
        }
    }
}
