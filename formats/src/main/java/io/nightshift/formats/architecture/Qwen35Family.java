package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY;
import static io.nightshift.formats.architecture.Dimension.ONE;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.key;
import static io.nightshift.formats.architecture.Transform.ADD_ONE;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Transform.Slice;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Qwen3-Next and Qwen3.5 to 3.8, dense and with experts (conversion/qwen.py): layers of linear attention, each fourth of
 * full attention whose queries bring their gate, and perhaps a block that predicts a further token.
 */
final class Qwen35Family {
    private static final LayerSet LINEAR = LayerSet.typed("linear_attention");

    private static final Dimension KEY_HEADS = key("linear_num_key_heads");
    private static final Dimension VALUE_HEADS = key("linear_num_value_heads");
    private static final Dimension KEY_HEAD = key("linear_key_head_dim");
    private static final Dimension VALUE_HEAD = key("linear_value_head_dim");
    private static final Dimension KEYS = KEY_HEADS.times(KEY_HEAD);
    private static final Dimension VALUES = VALUE_HEADS.times(VALUE_HEAD);
    private static final Dimension VALUES_OF_GROUP =
            (config, layer) -> VALUES.of(config, layer) / Math.max(1, KEY_HEADS.of(config, layer));
    private static final Dimension MIXED = KEYS.times(2).plus(VALUES);

    private static final List<TensorRow> ATTENTION = TensorRow.in(LINEAR.not(), DecoderRows.table(
            linear("attn_q", "self_attn.q_proj", QUERY.times(2), HIDDEN),
            linear("attn_k", "self_attn.k_proj", KEY, HIDDEN),
            linear("attn_v", "self_attn.v_proj", KEY, HIDDEN),
            linear("attn_output", "self_attn.o_proj", HIDDEN, QUERY),
            List.of(
                    norm("attn_q_norm", "self_attn.q_norm", ADD_ONE, HEAD),
                    norm("attn_k_norm", "self_attn.k_norm", ADD_ONE, HEAD))));

    private static final List<TensorRow> COMMON = List.of(
            DecoderRows.EMBEDDING,
            DecoderRows.outputNorm(ADD_ONE),
            DecoderRows.OUTPUT,
            norm("attn_norm", "input_layernorm", ADD_ONE, HIDDEN),
            norm("post_attention_norm", "post_attention_layernorm", ADD_ONE, HIDDEN));

    private static final List<TensorRow> PREDICTION = TensorRow.in(LayerSet.PREDICTION, List.of(
            matrix("nextn.eh_proj", "eh_proj", HIDDEN, HIDDEN.times(2)),
            norm("nextn.enorm", "enorm", ADD_ONE, HIDDEN),
            norm("nextn.hnorm", "hnorm", ADD_ONE, HIDDEN),
            norm("nextn.shared_head_norm", "shared_head.norm", ADD_ONE, HIDDEN)));

    private static final List<TensorRow> STATE_IN_ORDER = TensorRow.in(LINEAR, List.of(
            vector("ssm_a", "linear_attn.A_log", Transform.negativeExponential(Transform.COPY), VALUE_HEADS),
            vector("ssm_dt.bias", "linear_attn.dt_bias", Transform.COPY, VALUE_HEADS),
            matrix("ssm_conv1d", "linear_attn.conv1d", Transform.SQUEEZE, MIXED, key("linear_conv_kernel_dim")),
            norm("ssm_norm", "linear_attn.norm", VALUE_HEAD),
            matrix("ssm_out", "linear_attn.out_proj", HIDDEN, VALUES)));

    /** Qwen3-Next keeps q, k, v and z of a group of heads together, and so the two gates. */
    private static final List<TensorRow> GROUPED = TensorRow.in(LINEAR, List.of(
            matrix("attn_qkv", "linear_attn.in_proj_qkvz", Transform.rowsOfGroups(MIXED.plus(VALUES), KEY_HEADS,
                    new Slice(Dimension.constant(0), KEY_HEAD),
                    new Slice(KEY_HEAD, KEY_HEAD),
                    new Slice(KEY_HEAD.times(2), VALUES_OF_GROUP)), MIXED, HIDDEN),
            matrix("attn_gate", "linear_attn.in_proj_qkvz", Transform.rowsOfGroups(MIXED.plus(VALUES), KEY_HEADS,
                    new Slice(KEY_HEAD.times(2).plus(VALUES_OF_GROUP), VALUES_OF_GROUP)), VALUES, HIDDEN),
            matrix("ssm_ba", "linear_attn.in_proj_ba", VALUE_HEADS.times(2), HIDDEN)));

    /** Value heads that share a key head lie together in the checkpoint; ggml wants the first of all groups first. */
    private static final List<TensorRow> TILED = TensorRow.in(LINEAR, List.of(
            vector("ssm_a", "linear_attn.A_log", Transform.negativeExponential(tiled(ONE)), VALUE_HEADS),
            vector("ssm_dt.bias", "linear_attn.dt_bias", tiled(ONE), VALUE_HEADS),
            matrix("ssm_conv1d", "linear_attn.conv1d", Transform.orderedFrom(KEYS.times(2), tiles(VALUE_HEAD)),
                    MIXED, key("linear_conv_kernel_dim")),
            norm("ssm_norm", "linear_attn.norm", VALUE_HEAD),
            matrix("ssm_out", "linear_attn.out_proj", Transform.columnsOrdered(tiles(VALUE_HEAD)), HIDDEN, VALUES),
            matrix("ssm_alpha", "linear_attn.in_proj_a", tiled(ONE), VALUE_HEADS, HIDDEN),
            matrix("ssm_beta", "linear_attn.in_proj_b", tiled(ONE), VALUE_HEADS, HIDDEN),
            matrix("attn_qkv", "linear_attn.in_proj_qkv",
                    Transform.orderedFrom(KEYS.times(2), tiles(VALUE_HEAD)), MIXED, HIDDEN),
            matrix("attn_gate", "linear_attn.in_proj_z", tiled(VALUE_HEAD), VALUES, HIDDEN)));

    private static final DecoderTraits TRAITS =
            DecoderTraits.windows(WindowPattern.NONE).withFeedForwardNorm("post_attention_norm");

    static final Architecture QWEN3_NEXT = family("qwen3next", "Qwen3NextForCausalLM")
            .tensors(STATE_IN_ORDER, GROUPED, DecoderRows.EXPERT_ROWS, QwenFamily.SHARED_EXPERT)
            .check(checkpoint -> requireGroups(checkpoint.config()))
            .hyperparameters(QwenFamily.EXPERT_KEYS, Qwen35Family::prediction, Qwen35Family::state)
            .forward(LinearGroup.ANY_LAYER, TRAITS.withExpertWeights(DecoderTraits.ExpertWeights.AS_CONFIGURED))
            .build();

    static final Architecture QWEN35 = family("qwen35", "Qwen3_5ForConditionalGeneration", "Qwen3_5ForCausalLM")
            .tensors(TILED, DecoderRows.FEED_FORWARD_ROWS)
            .hyperparameters(Qwen35Family::prediction, Qwen35Family::state, Qwen35Family::sections)
            .forward(LinearGroup.ANY_LAYER, TRAITS)
            .build();

    static final Architecture QWEN35_MOE =
            family("qwen35moe", "Qwen3_5MoeForConditionalGeneration", "Qwen3_5MoeForCausalLM")
                    .tensors(TILED, DecoderRows.EXPERT_ROWS, QwenFamily.SHARED_EXPERT)
                    .hyperparameters(QwenFamily.EXPERT_KEYS, Qwen35Family::prediction, Qwen35Family::state,
                            Qwen35Family::sections)
                    .forward(LinearGroup.ANY_LAYER, TRAITS)
                    .build();

    private static final Pattern PREDICTION_LAYER = Pattern.compile("mtp\\.layers\\.(\\d{1,9})\\.(.*)");
    private static final Map<String, String> PREDICTION_NAMES = Map.of(
            "mtp.fc.weight", "eh_proj.weight",
            "mtp.pre_fc_norm_embedding.weight", "enorm.weight",
            "mtp.pre_fc_norm_hidden.weight", "hnorm.weight",
            "mtp.norm.weight", "shared_head.norm.weight");

    private Qwen35Family() {}

    private static Architecture.Builder family(String name, String... modelClasses) {
        return Architecture.named(name, modelClasses)
                .naming(Qwen35Family::nameOf)
                .blocks(Qwen35Family::blocks)
                .check(checkpoint -> Variants.refuseOtherElements(
                        checkpoint.config(), "layer_types", "linear_attention", "full_attention"))
                .only("hidden_act", "silu")
                .only("attn_output_gate", true)
                .tensors(COMMON, ATTENTION, PREDICTION)
                .hyperparameters(StandardHyperparameters.ALL);
    }

    private static Transform tiled(Dimension headRows) {
        return Transform.ordered(tiles(headRows));
    }

    private static Transform.Ordering tiles(Dimension headRows) {
        return (config, layer) -> {
            requireGroups(config);
            long groups = KEY_HEADS.of(config, layer);
            long heads = VALUE_HEADS.of(config, layer);
            return groups == heads
                    ? RowOrder.AS_IS
                    : RowOrder.tiled(groups, heads / groups, headRows.of(config, layer));
        };
    }

    private static void requireGroups(ModelConfig config) {
        long groups = KEY_HEADS.of(config);
        long heads = VALUE_HEADS.of(config);
        if (groups == 0 || heads == 0 || heads % groups != 0) {
            throw new InvalidModelException(config.location() + ": \"linear_num_value_heads\" is " + heads
                    + ", but must be a multiple of \"linear_num_key_heads\", " + groups);
        }
    }

    /** The block that predicts a further token is a layer behind the others (_QwenMtpMixin.filter_tensors). */
    private static Optional<String> nameOf(String tensor, ModelConfig config) {
        Optional<String> name = SourceNaming.STANDARD.nameOf(tensor, config)
                .map(given -> given.startsWith("model.mtp.") ? given.substring("model.".length()) : given);
        if (name.isEmpty() || !name.get().startsWith("mtp.")) {
            return name;
        }
        if (!config.keepsPrediction()) {
            return Optional.empty();
        }
        long layers = config.integer("num_hidden_layers");
        Matcher layer = PREDICTION_LAYER.matcher(name.get());
        if (layer.matches()) {
            return Optional.of("model.layers." + (layers + Long.parseLong(layer.group(1))) + "." + layer.group(2));
        }
        return name.map(given -> PREDICTION_NAMES.containsKey(given)
                ? "model.layers." + layers + "." + PREDICTION_NAMES.get(given)
                : given);
    }

    /** Qwen3-Next's configuration does not say how many blocks predict: the tensors do. */
    private static int blocks(ModelConfig config, Set<String> tensors) {
        int layers = BlockCount.layers(config);
        if (!config.keepsPrediction()) {
            return layers;
        }
        int stored = tensors.stream()
                .mapToInt(name -> SourceNames.layer(name).orElse(-1) + 1 - layers)
                .max()
                .orElse(0);
        long said = config.findInteger("mtp_num_hidden_layers").orElse(0L);
        if (stored <= 0) {
            throw new MissingPredictionException(config.location() + (said > 0
                    ? ": \"mtp_num_hidden_layers\" is " + said + ", but the checkpoint has no mtp tensors"
                    : ": the model has neither \"mtp_num_hidden_layers\" nor mtp tensors, and llama.cpp wants them")
                    + ": no loader would take the file. Give --no-mtp to leave that block out");
        }
        return layers + (int) (said > 0 ? said : stored);
    }

    private static void prediction(ModelConfig config, HyperparameterWriter out) {
        long extra = out.blocks() - config.integer("num_hidden_layers");
        if (extra > 0) {
            out.set("nextn_predict_layers", extra);
        }
    }

    private static void state(ModelConfig config, HyperparameterWriter out) {
        out.set("ssm.conv_kernel", config.integer("linear_conv_kernel_dim"));
        out.set("ssm.state_size", KEY_HEAD.of(config));
        out.set("ssm.group_count", KEY_HEADS.of(config));
        out.set("ssm.time_step_rank", VALUE_HEADS.of(config));
        out.set("ssm.inner_size", VALUES.of(config));
        if (config.find("layer_types").isPresent()) {
            out.setFlags("attention.recurrent_layers", layer -> LINEAR.contains(config, layer));
        }
        out.set("full_attention_interval", config.findInteger("full_attention_interval").orElse(4L));
        double rotated = config.findRopeOfAllNumber("partial_rotary_factor").orElse(0.25);
        out.set("rope.dimension_count", (long) (HEAD.of(config) * rotated));
    }

    private static void sections(ModelConfig config, HyperparameterWriter out) {
        if (config.findRopeOfAll("mrope_section").isEmpty()) {
            out.set("rope.dimension_sections", 11, 11, 10, 0);
        }
    }
}
