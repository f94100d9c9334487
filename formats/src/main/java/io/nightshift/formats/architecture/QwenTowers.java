package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.TowerRows.COLOURS;
import static io.nightshift.formats.architecture.TowerRows.PATCH;
import static io.nightshift.formats.architecture.TowerRows.TEXT_HIDDEN;
import static io.nightshift.formats.architecture.TowerRows.linear;
import static io.nightshift.formats.architecture.TowerRows.norm;
import static io.nightshift.formats.architecture.TowerRows.scale;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The vision towers of Qwen2.5-VL and of Qwen3-VL, which Qwen3.5 has too (conversion/qwenvl.py, conversion/qwen3vl.py). */
final class QwenTowers {
    private static final String DEEPSTACK = "deepstack_visual_indexes";
    private static final Pattern MERGER = Pattern.compile("visual\\.deepstack_merger_list\\.(\\d{1,4})\\.(.*)");

    /** Patches that are merged into one, row by row. */
    private static final Dimension MERGED =
            HIDDEN.times(Dimension.key("spatial_merge_size")).times(Dimension.key("spatial_merge_size"));

    /** Layers whose states go into the first layers of the language model as well. */
    private static final LayerSet DEEP = (config, layer) -> deepstack(config).contains(layer);

    private static final List<TensorRow> PATCHES = List.of(
            TensorRow.of("v.patch_embd.weight", "visual.patch_embed.proj.weight", Transform.picture(2, 0),
                    HIDDEN, COLOURS, PATCH, PATCH),
            TensorRow.of("v.patch_embd.weight.1", "visual.patch_embed.proj.weight", Transform.picture(2, 1),
                    HIDDEN, COLOURS, PATCH, PATCH));

    static final VisionTower QWEN3 = new VisionTower(Architecture.named("clip",
                    "Qwen3VLForConditionalGeneration", "Qwen3VLMoeForConditionalGeneration",
                    "Qwen3_5ForConditionalGeneration", "Qwen3_5MoeForConditionalGeneration")
            .configuration(config -> withImageSize(TowerRows.withDefault(
                    TowerRows.withDefault(renamed(config), "num_position_embeddings", 2304), "patch_size", 16)))
            .naming(QwenTowers::nameOf)
            .only("hidden_act", "gelu_pytorch_tanh")
            .check(QwenTowers::requireDeepstack)
            .tensors(
                    PATCHES,
                    List.of(TensorRow.of("v.patch_embd.bias", "visual.patch_embed.proj.bias", HIDDEN),
                            TensorRow.of("v.position_embd.weight", "visual.pos_embed.weight",
                                    Dimension.key("num_position_embeddings"), HIDDEN)),
                    TowerRows.blocks("visual.blocks.",
                            linear("attn_out", "attn.proj", HIDDEN, HIDDEN),
                            linear("attn_qkv", "attn.qkv", HIDDEN.times(3), HIDDEN),
                            linear("ffn_up", "mlp.linear_fc1", FEED_FORWARD, HIDDEN),
                            linear("ffn_down", "mlp.linear_fc2", HIDDEN, FEED_FORWARD),
                            norm("ln1", "norm1", HIDDEN),
                            norm("ln2", "norm2", HIDDEN)),
                    TensorRow.in(DEEP, linear("v.deepstack.{layer}.fc1", "visual.deepstack.{layer}.linear_fc1",
                            MERGED, MERGED)),
                    TensorRow.in(DEEP, linear("v.deepstack.{layer}.fc2", "visual.deepstack.{layer}.linear_fc2",
                            TEXT_HIDDEN, MERGED)),
                    TensorRow.in(DEEP, norm("v.deepstack.{layer}.norm", "visual.deepstack.{layer}.norm", MERGED)),
                    linear("mm.0", "visual.merger.linear_fc1", MERGED, MERGED),
                    linear("mm.2", "visual.merger.linear_fc2", TEXT_HIDDEN, MERGED),
                    norm("v.post_ln", "visual.merger.norm", HIDDEN))
            .hyperparameters(
                    TowerRows.KEYS,
                    TowerRows.text("projector_type", "qwen3vl_merger"),
                    TowerRows.flag("use_gelu"),
                    TowerRows.size("vision.spatial_merge_size", "spatial_merge_size"),
                    Hyperparameter.number("vision.attention.layer_norm_epsilon",
                            config -> config.findNumber("model.rms_norm_eps").or(() -> Optional.of(1e-6))),
                    (config, out) -> out.setFlags("vision.is_deepstack_layers", deepstack(config)::contains))
            .build());

    static final VisionTower QWEN25 = new VisionTower(Architecture.named("clip", "Qwen2_5_VLForConditionalGeneration")
            .configuration(config -> TowerRows.withDefault(
                    TowerRows.withDefault(renamed(config), "image_size", 560), "patch_size", 14))
            .naming(QwenTowers::nameOf)
            .only("hidden_act", "silu")
            .tensors(
                    PATCHES,
                    TowerRows.blocks("visual.blocks.",
                            linear("attn_out", "attn.proj", HIDDEN, HIDDEN),
                            sliced("bias", HIDDEN),
                            sliced("weight", HIDDEN, HIDDEN),
                            linear("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD),
                            linear("ffn_gate", "mlp.gate_proj", FEED_FORWARD, HIDDEN),
                            linear("ffn_up", "mlp.up_proj", FEED_FORWARD, HIDDEN),
                            scale("ln1", "norm1", HIDDEN),
                            scale("ln2", "norm2", HIDDEN)),
                    scale("v.post_ln", "visual.merger.ln_q", HIDDEN),
                    linear("mm.0", "visual.merger.mlp.0", MERGED, MERGED),
                    linear("mm.2", "visual.merger.mlp.2", TEXT_HIDDEN, MERGED))
            .hyperparameters(
                    TowerRows.KEYS,
                    TowerRows.text("projector_type", "qwen2.5vl_merger"),
                    TowerRows.flag("use_silu"),
                    QwenTowers::windows,
                    Hyperparameter.number("vision.attention.layer_norm_epsilon", config -> Optional.of(1e-6)))
            .build());

    private QwenTowers() {}

    /** Qwen's names of sizes as the other towers have them; the converter does the same. */
    private static ModelConfig renamed(ModelConfig config) {
        ModelConfig named = config
                .with("num_hidden_layers", TowerRows.positive(config, "depth"))
                .with("num_attention_heads", TowerRows.positive(config, "num_heads"));
        return TowerRows.withDefault(named, "spatial_merge_size", 2);
    }

    private static List<TensorRow> sliced(String end, Dimension... shape) {
        List<TensorRow> rows = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            rows.add(TensorRow.of("attn_" + "qkv".charAt(i) + "." + end, "attn.qkv." + end, Transform.slice(3, i), shape));
        }
        return rows;
    }

    /** Of the tower alone, and mergers by their layer in place of their number. */
    private static Optional<String> nameOf(String tensor, ModelConfig config) {
        String name = tensor.startsWith("model.visual.") ? tensor.substring("model.".length()) : tensor;
        if (!name.startsWith("visual.") || SourceNames.isBuffer(name)) {
            return Optional.empty();
        }
        Matcher matcher = MERGER.matcher(name);
        if (matcher.matches()) {
            List<Integer> layers = deepstack(config);
            int number = Integer.parseInt(matcher.group(1));
            return Optional.of(number < layers.size()
                    ? "visual.deepstack." + layers.get(number) + "." + matcher.group(2)
                    : name);
        }
        return Optional.of(name);
    }

    private static List<Integer> deepstack(ModelConfig config) {
        List<Integer> layers = new ArrayList<>();
        config.find(DEEPSTACK).ifPresent(given -> given.forEach(layer -> layers.add(layer.asInt())));
        return layers;
    }

    /** Qwen3.5 has none; where Qwen3-VL does not say which layers, its class has some that need not be the model's. */
    private static void requireDeepstack(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        long depth = TowerRows.positive(config, "depth");
        if (!config.has(DEEPSTACK) && config.architecture().startsWith("Qwen3_5")) {
            return;
        }
        JsonNode given = config.find(DEEPSTACK).orElseThrow(
                () -> new InvalidModelException(config.location() + ": \"" + DEEPSTACK + "\" is missing"));
        List<Integer> before = new ArrayList<>();
        given.forEach(layer -> {
            if (!layer.isIntegralNumber() || layer.asLong() < 0 || layer.asLong() >= depth || before.contains(layer.asInt())) {
                throw new InvalidModelException(config.location() + ": \"" + DEEPSTACK + "\" is " + given
                        + ", but must be different layers from 0 to " + (depth - 1));
            }
            before.add(layer.asInt());
        });
    }

    /** The side of a square of as many patches as have positions, unless it is given. */
    private static ModelConfig withImageSize(ModelConfig config) {
        double side = Math.sqrt(config.integer("num_position_embeddings"));
        return TowerRows.withDefault(config, "image_size", (long) (side * config.integer("patch_size")));
    }

    /** How far apart the layers are that look at the whole image. */
    private static void windows(ModelConfig config, HyperparameterWriter out) {
        String key = "fullatt_block_indexes";
        JsonNode given = config.find(key).orElseThrow(
                () -> new InvalidModelException(config.location() + ": \"" + key + "\" is missing"));
        long every = given.path(0).asLong(-1) + 1;
        for (int i = 0; i < given.size(); i++) {
            if (!given.get(i).isIntegralNumber() || given.get(i).asLong() != (i + 1) * every - 1) {
                every = 0;
            }
        }
        if (given.isEmpty() || every < 1) {
            throw new InvalidModelException(config.location() + ": \"" + key + "\" is " + given
                    + ", but must be every so many layers, such as [7,15,23,31]");
        }
        out.set("vision.n_wa_pattern", every);
    }
}
