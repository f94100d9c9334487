package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.BLOCK;
import static io.nightshift.formats.architecture.DecoderRows.LAYER;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.key;
import static io.nightshift.formats.architecture.Hyperparameter.number;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.function.Predicate;

/**
 * Granite 3 and 4 (conversion/granite.py): Llama with factors, dense or with experts, and with layers of Mamba 2. Heads
 * divide the hidden size, whatever head_dim says. Models of one class become one of three architectures in GGUF, by their
 * layers and experts.
 */
final class GraniteFamily {
    private static final LayerSet EXPERT_LAYERS =
            (config, layer) -> config.findInteger("num_local_experts").orElse(0L) > 0;
    private static final LayerSet SHARED_LAYERS =
            (config, layer) -> config.findInteger("shared_intermediate_size").orElse(0L) > 0;
    private static final LayerSet MAMBA = LayerSet.typed("mamba");
    private static final Dimension SHARED_FEED_FORWARD = key("shared_intermediate_size");

    private static final Hyperparameter KEYS = Hyperparameter.all(List.of(
            LlamaFamily.HYPERPARAMETERS,
            scale("attention.scale", "attention_multiplier"),
            scale("embedding_scale", "embedding_multiplier"),
            scale("residual_scale", "residual_multiplier"),
            scale("logit_scale", "logits_scaling"),
            (config, out) -> config.findInteger("shared_intermediate_size")
                    .filter(size -> size > 0)
                    .ifPresent(size -> out.set("expert_shared_feed_forward_length", size))));

    /**
     * Gate and up rows lie in one matrix an expert; the names of experts one by one are those that vLLM loads. For Granite 3
     * it does so since 0.30 or a little before: experts were w1 to w3 up to 0.27, which 0.32 passes over without a word.
     */
    private static final List<TensorRow> EXPERT_ROWS = TensorRow.in(EXPERT_LAYERS, List.of(
            matrix("ffn_gate_inp", "block_sparse_moe.router.layer", EXPERTS, HIDDEN),
            matrix("ffn_gate_exps", "block_sparse_moe.experts.{expert}.gate_proj", EXPERTS, FEED_FORWARD, HIDDEN)
                    .or(LAYER + "block_sparse_moe.input_linear.weight", Transform.GATE_HALF),
            matrix("ffn_up_exps", "block_sparse_moe.experts.{expert}.up_proj", EXPERTS, FEED_FORWARD, HIDDEN)
                    .or(LAYER + "block_sparse_moe.input_linear.weight", Transform.UP_HALF),
            matrix("ffn_down_exps", "block_sparse_moe.experts.{expert}.down_proj", EXPERTS, HIDDEN, FEED_FORWARD)
                    .or(LAYER + "block_sparse_moe.output_linear.weight", Transform.COPY)));

    private static final Mamba2Rows MIXER = new Mamba2Rows(key("mamba_expand").times(HIDDEN), key("mamba_n_heads"),
            key("mamba_n_groups"), key("mamba_d_state"), key("mamba_d_conv"));

    private static final List<TensorRow> MIXER_ROWS = TensorRow.in(
            MAMBA, DecoderRows.table(MIXER.of("mamba"), List.of(MIXER.gatedNorm("mamba"))));

    /** GraniteModel. */
    static final Architecture GRANITE = family("granite", "GraniteForCausalLM")
            .vocabulary(VocabularyRule.LLAMA)
            .tensors(LlamaFamily.table(DecoderRows.FEED_FORWARD_ROWS))
            .hyperparameters(KEYS)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.NONE).withMultipliers())
            .build();

    /** GraniteMoeModel. */
    static final Architecture GRANITE_MOE = mixture("GraniteMoeForCausalLM")
            .forward(LinearGroup.EXPERTS, DecoderTraits.windows(WindowPattern.NONE).withMultipliers())
            .build();

    /** The same with an expert that all tokens pass, whose gate and up projection are one layer to loaders. */
    static final Architecture GRANITE_MOE_SHARED = mixture("GraniteMoeSharedForCausalLM")
            .forward(LinearGroup.STATE_SPACE, DecoderTraits.windows(WindowPattern.NONE).withMultipliers())
            .build();

    /** GraniteHybridModel of a model with attention in all layers, dense. */
    static final Architecture ATTENTION_ONLY = hybrid("granite", config -> !isHybrid(config) && !hasExperts(config));

    /** GraniteHybridModel of a model with attention in all layers, with experts. */
    static final Architecture ATTENTION_ONLY_MOE =
            hybrid("granitemoe", config -> !isHybrid(config) && hasExperts(config));

    /** GraniteHybridModel. */
    static final Architecture HYBRID = hybrid("granitehybrid", GraniteFamily::isHybrid);

    private GraniteFamily() {}

    private static Architecture.Builder family(String name, String... modelClasses) {
        return Architecture.named(name, modelClasses)
                .configuration(config -> config.without("head_dim"))
                .only("hidden_act", "silu")
                .computing(RopeFactors::llama3);
    }

    private static Architecture.Builder mixture(String modelClass) {
        return family("granitemoe", modelClass)
                .vocabulary(VocabularyRule.LLAMA)
                .tensors(LlamaFamily.table(EXPERT_ROWS), shared("_shexp", EXPERT_LAYERS))
                .hyperparameters(KEYS);
    }

    private static Architecture hybrid(String name, Predicate<ModelConfig> which) {
        return family(name, "GraniteMoeHybridForCausalLM")
                .when(which)
                .vocabulary(VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR)
                .check(GraniteFamily::checkHybrid)
                .tensors(
                        DecoderRows.COMMON,
                        TensorRow.in(MAMBA.not(), DecoderRows.attention(Transform.INTERLEAVE_HALVES)),
                        MIXER_ROWS,
                        EXPERT_ROWS,
                        shared("_shexp", EXPERT_LAYERS),
                        shared("", EXPERT_LAYERS.not()))
                .hyperparameters(KEYS, GraniteFamily::hybridKeys)
                .forward(LinearGroup.STATE_SPACE, DecoderTraits.windows(WindowPattern.NONE).withMultipliers()
                        .with(Rotation.in(RotatedLayers.BY_EMBEDDING_TYPE)))
                .build();
    }

    /** A feed-forward block that all tokens go through: beside the experts, or alone. */
    private static List<TensorRow> shared(String suffix, LayerSet layers) {
        String gateAndUp = LAYER + "shared_mlp.input_linear.weight";
        return TensorRow.in(SHARED_LAYERS.and(layers), List.of(
                TensorRow.of(BLOCK + "ffn_gate" + suffix + ".weight", gateAndUp,
                        half(Dimension.constant(0)), SHARED_FEED_FORWARD, HIDDEN),
                TensorRow.of(BLOCK + "ffn_up" + suffix + ".weight", gateAndUp,
                        half(SHARED_FEED_FORWARD), SHARED_FEED_FORWARD, HIDDEN),
                matrix("ffn_down" + suffix, "shared_mlp.output_linear", HIDDEN, SHARED_FEED_FORWARD)));
    }

    /** Rows of a matrix that loaders know as one layer. */
    private static Transform half(Dimension first) {
        return Transform.rowsOfGroups(SHARED_FEED_FORWARD.times(2), Dimension.ONE,
                new Transform.Slice(first, SHARED_FEED_FORWARD));
    }

    /** A factor that is not written where it is 0. */
    private static Hyperparameter scale(String key, String name) {
        return number(key, config -> config.findNumber(name).filter(value -> value != 0));
    }

    private static boolean isHybrid(ModelConfig config) {
        return config.find("layer_types").stream().anyMatch(types -> {
            for (JsonNode type : types) {
                if (!type.asText().equals("attention")) {
                    return true;
                }
            }
            return false;
        });
    }

    private static boolean hasExperts(ModelConfig config) {
        return config.findInteger("num_experts_per_tok", "num_experts_per_token").orElse(0L) > 0;
    }

    private static void checkHybrid(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        if (config.find("layer_types").isEmpty()) {
            throw new InvalidModelException(config.location() + ": \"layer_types\" is missing, which says what kind of"
                    + " layer each is. Add it, as the model's original configuration has it");
        }
        Variants.refuseOtherElements(config, "layer_types", "mamba", "attention");
        // The converter does not look at it: it takes models with layers of Mamba 2 for ones without rotation.
        Variants.refuseOthers(config, "position_embedding_type", isHybrid(config) ? "nope" : "rope");
        if (isHybrid(config)) {
            Mamba2Rows.requirePaddedTokens(checkpoint);
        }
    }

    private static void hybridKeys(ModelConfig config, HyperparameterWriter out) {
        MIXER.keys(config, out);
        config.findInteger("attn_rotary_emb").ifPresent(channels -> out.set("rope.dimension_count", channels));
        out.setEach("attention.head_count_kv",
                layer -> MAMBA.contains(config, layer) ? 0 : Dimension.KEY_HEADS.of(config));
        out.set("rope.scaling.finetuned", new GgufValue.Bool(!isHybrid(config)));
        if (isHybrid(config)) {
            out.set("context_length", 1L << 20);
        }
    }
}
