package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HEADS;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY_HEADS;
import static io.nightshift.formats.architecture.Hyperparameter.requiredInteger;
import static io.nightshift.formats.architecture.Hyperparameter.requiredNumber;

import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Optional;

/** Families of one kind of layer, each a table. The class of the converter stands beside each. */
final class DenseFamilies {
    private static final LayerSet SLIDING = LayerSet.typed("sliding_attention");

    /** Norms behind attention and feed-forward block, none before. */
    private static final List<TensorRow> NORMS_BEHIND = List.of(
            norm("post_attention_norm", "post_attention_layernorm", HIDDEN),
            norm("post_ffw_norm", "post_feedforward_layernorm", HIDDEN));

    private static final Hyperparameter NO_ROPE_SCALING =
            (config, out) -> out.set("rope.scaling.type", new GgufValue.Text("none"));

    /** conversion/llama.py, SmolLM3Model. */
    static final Architecture SMOLLM3 = Architecture.named("smollm3", "SmolLM3ForCausalLM")
            .vocabulary(VocabularyRule.LLAMA)
            .only("hidden_act", "silu")
            .tensors(LlamaFamily.table(DecoderRows.FEED_FORWARD_ROWS))
            .computing(RopeFactors::llama3)
            .hyperparameters(LlamaFamily.HYPERPARAMETERS)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.LISTED_IF_USED)
                    .with(Rotation.in(RotatedLayers.LISTED)))
            .build();

    /** conversion/llama.py, ArceeModel: no gate. */
    static final Architecture ARCEE = Architecture.named("arcee", "ArceeForCausalLM")
            .vocabulary(VocabularyRule.LLAMA)
            .check(UnsupportedVariants::refusePooled)
            .only("hidden_act", "relu2")
            .tensors(LlamaFamily.table(List.of()), linear("ffn_up", "mlp.up_proj", FEED_FORWARD, HIDDEN),
                    linear("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD))
            .computing(RopeFactors::llama3)
            .hyperparameters(LlamaFamily.HYPERPARAMETERS)
            .forward(LinearGroup.UNGATED, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    /** conversion/llama.py, ApertusModel: no gate, and an activation whose parameters each layer has learned. */
    static final Architecture APERTUS = Architecture.named("apertus", "ApertusForCausalLM")
            .vocabulary(VocabularyRule.LLAMA)
            .only("hidden_act", "xielu")
            .layerNumbers(
                    new LayerNumber("xielu.alpha_n", "mlp.act_fn.alpha_n"),
                    new LayerNumber("xielu.alpha_p", "mlp.act_fn.alpha_p"),
                    new LayerNumber("xielu.beta", "mlp.act_fn.beta"),
                    new LayerNumber("xielu.eps", "mlp.act_fn.eps"))
            .tensors(DecoderRows.EMBEDDING_AND_OUTPUT, DecoderRows.attention(), DecoderRows.HEAD_NORMS, List.of(
                    norm("attn_norm", "attention_layernorm", HIDDEN),
                    norm("ffn_norm", "feedforward_layernorm", HIDDEN)))
            .tensors(linear("ffn_up", "mlp.up_proj", FEED_FORWARD, HIDDEN),
                    linear("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD))
            .computing(RopeFactors::llama3)
            .hyperparameters(LlamaFamily.HYPERPARAMETERS)
            .forward(LinearGroup.UNGATED, DecoderTraits.windows(WindowPattern.NONE))
            .build();

    /** conversion/olmo.py, SeedOssModel. */
    static final Architecture SEED_OSS = Architecture.named("seed_oss", "SeedOssForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.EMBEDDING_AND_OUTPUT, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS, List.of(
                    norm("attn_norm", "input_layernorm", HIDDEN),
                    norm("post_attention_norm", "post_attention_layernorm", HIDDEN)))
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.dense("post_attention_norm"),
                    DecoderTraits.windows(WindowPattern.NONE).withFeedForwardNorm("post_attention_norm"))
            .build();

    /** conversion/olmo.py, Olmo2Model: norms over all heads together. */
    static final Architecture OLMO2 = Architecture.named("olmo2", "Olmo2ForCausalLM", "Olmo3ForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.EMBEDDING_AND_OUTPUT, NORMS_BEHIND, DecoderRows.attention(),
                    DecoderRows.FEED_FORWARD_ROWS, DecoderRows.QUERY_AND_KEY_NORMS)
            .hyperparameters(StandardHyperparameters.ALL, (config, out) -> window(config, out, 4))
            .forward(LinearGroup.NORMS_BEHIND, DecoderTraits.windows(WindowPattern.LISTED))
            .build();

    /** conversion/exaone.py, Exaone4Model. */
    static final Architecture EXAONE4 = Architecture.named("exaone4", "Exaone4ForCausalLM")
            .only("hidden_act", "silu")
            .tensors(DecoderRows.EMBEDDING_AND_OUTPUT, NORMS_BEHIND, DecoderRows.HEAD_NORMS, DecoderRows.attention(),
                    DecoderRows.FEED_FORWARD_ROWS)
            .computing(RopeFactors::llama3)
            .hyperparameters(
                    StandardHyperparameters.ALL,
                    requiredInteger("vocab_size", "vocab_size"),
                    (config, out) -> window(config, out, 0))
            .forward(LinearGroup.NORMS_BEHIND, DecoderTraits.windows(WindowPattern.LISTED)
                    .with(Rotation.in(RotatedLayers.WITH_WINDOW)))
            .build();

    private static final List<TensorRow> COHERE_ROWS = DecoderRows.table(
            DecoderRows.EMBEDDING_AND_OUTPUT,
            List.of(norm("attn_norm", "input_layernorm", HIDDEN)),
            DecoderRows.attention(),
            DecoderRows.FEED_FORWARD_ROWS);

    /** conversion/command_r.py, CommandR2Model: attention and feed-forward block side by side. */
    static final Architecture COMMAND_R = Architecture.named("command-r", "CohereForCausalLM")
            .configuration(config ->
                    config.with("max_position_embeddings", config.integer("model_max_length", "max_position_embeddings")))
            .only("hidden_act", "silu")
            .tensors(COHERE_ROWS, List.of(
                    norm("attn_q_norm", "self_attn.q_norm", HEADS, HEAD).optional(),
                    norm("attn_k_norm", "self_attn.k_norm", KEY_HEADS, HEAD).optional()))
            .hyperparameters(
                    StandardHyperparameters.ALL, requiredNumber("logit_scale", "logit_scale"), NO_ROPE_SCALING)
            .forward(LinearGroup.SIDE_BY_SIDE, DecoderTraits.sideBySide(WindowPattern.NONE))
            .build();

    /** conversion/command_r.py, Cohere2Model. */
    static final Architecture COHERE2 = Architecture.named("cohere2", "Cohere2ForCausalLM")
            .only("hidden_act", "silu")
            .tensors(COHERE_ROWS)
            .hyperparameters(
                    StandardHyperparameters.ALL,
                    requiredNumber("logit_scale", "logit_scale"),
                    requiredInteger("attention.sliding_window", "sliding_window"),
                    requiredInteger("vocab_size", "vocab_size"),
                    requiredInteger("rope.dimension_count", config -> (long) (config.number("rotary_pct")
                            * (HIDDEN.of(config) / Math.max(1, HEADS.of(config))))),
                    NO_ROPE_SCALING)
            .forward(LinearGroup.SIDE_BY_SIDE, DecoderTraits.sideBySide(WindowPattern.ALL_BUT_EACH_FOURTH)
                    .with(new Rotation(RotatedLayers.ALL_BUT_EACH_FOURTH, true, false, false)))
            .build();

    /** conversion/ernie.py, Ernie4_5Model. */
    static final Architecture ERNIE45 = Architecture.named("ernie4_5", "Ernie4_5_ForCausalLM", "Ernie4_5ForCausalLM")
            .vocabulary(VocabularyRule.ERNIE)
            .naming(SourceNaming.STANDARD.renaming(name -> name.replace("ernie.", "model.")))
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.NONE).with(Rotation.OF_NEIGHBOURS))
            .build();

    /** conversion/starcoder.py, StarCoder2Model: norms with biases, no gate. */
    static final Architecture STARCODER2 = Architecture.named("starcoder2", "Starcoder2ForCausalLM")
            .only("hidden_act", "gelu_pytorch_tanh")
            .tensors(
                    DecoderRows.COMMON,
                    DecoderRows.attention(),
                    linear("ffn_up", "mlp.c_fc", FEED_FORWARD, HIDDEN),
                    linear("ffn_down", "mlp.c_proj", HIDDEN, FEED_FORWARD),
                    List.of(
                            TensorRow.of("output_norm.bias", "model.norm.bias", HIDDEN),
                            DecoderRows.vector("attn_norm.bias", "input_layernorm.bias", Transform.COPY, HIDDEN),
                            DecoderRows.vector("ffn_norm.bias", "post_attention_layernorm.bias", Transform.COPY, HIDDEN)))
            .hyperparameters(StandardHyperparameters.ALL)
            .forward(LinearGroup.UNGATED, DecoderTraits.windows(WindowPattern.ALL))
            .build();

    private DenseFamilies() {}

    /**
     * The window, and which layers have it.
     *
     * @param every which layers have none where layer_types is missing; 0 if nothing is written then
     */
    private static void window(ModelConfig config, HyperparameterWriter out, int every) {
        Optional<Long> size = config.findInteger("sliding_window");
        if (size.isEmpty()) {
            return;
        }
        out.set("attention.sliding_window", size.get());
        if (config.find("layer_types").isPresent()) {
            out.setFlags("attention.sliding_window_pattern", layer -> SLIDING.contains(config, layer));
        } else if (every > 0) {
            out.setFlags("attention.sliding_window_pattern", layer -> (layer + 1) % every != 0);
        }
    }
}
