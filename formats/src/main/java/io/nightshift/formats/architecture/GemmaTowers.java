package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.TowerRows.COLOURS;
import static io.nightshift.formats.architecture.TowerRows.PATCH;
import static io.nightshift.formats.architecture.TowerRows.TEXT_HIDDEN;
import static io.nightshift.formats.architecture.TowerRows.linear;
import static io.nightshift.formats.architecture.TowerRows.matrix;
import static io.nightshift.formats.architecture.TowerRows.norm;
import static io.nightshift.formats.architecture.TowerRows.scale;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The vision towers of Gemma 3, which is SigLIP's, and of Gemma 4 (conversion/gemma.py). */
final class GemmaTowers {
    private static final String SIGLIP = "vision_tower.vision_model.";

    /** Patches of a side of an image. */
    private static final Dimension SIDE =
            (config, layer) -> config.integer("image_size") / TowerRows.positive(config, "patch_size");

    static final VisionTower GEMMA3 = new VisionTower(
            Architecture.named("clip", "Gemma3ForConditionalGeneration")
                    .configuration(config -> TowerRows.withDefault(
                            TowerRows.withDefault(config, "image_size", 224), "patch_size", 16))
                    .naming(GemmaTowers::siglipName)
                    .only("hidden_act", "gelu_pytorch_tanh")
                    .tensors(
                            List.of(TensorRow.of("mm.input_projection.weight",
                                            "multi_modal_projector.mm_input_projection.weight", HIDDEN, TEXT_HIDDEN),
                                    TensorRow.of("mm.soft_emb_norm.weight", "multi_modal_projector.mm_soft_emb_norm.weight",
                                            Transform.ADD_ONE, HIDDEN),
                                    TensorRow.of("v.patch_embd.weight", SIGLIP + "embeddings.patch_embedding.weight",
                                            HIDDEN, COLOURS, PATCH, PATCH),
                                    TensorRow.of("v.patch_embd.bias", SIGLIP + "embeddings.patch_embedding.bias", HIDDEN),
                                    TensorRow.of("v.position_embd.weight", SIGLIP + "embeddings.position_embedding.weight",
                                            SIDE.times(SIDE), HIDDEN)),
                            TowerRows.blocks(SIGLIP + "encoder.layers.",
                                    norm("ln1", "layer_norm1", HIDDEN),
                                    norm("ln2", "layer_norm2", HIDDEN),
                                    linear("ffn_up", "mlp.fc1", FEED_FORWARD, HIDDEN),
                                    linear("ffn_down", "mlp.fc2", HIDDEN, FEED_FORWARD),
                                    linear("attn_k", "self_attn.k_proj", HIDDEN, HIDDEN),
                                    linear("attn_out", "self_attn.out_proj", HIDDEN, HIDDEN),
                                    linear("attn_q", "self_attn.q_proj", HIDDEN, HIDDEN),
                                    linear("attn_v", "self_attn.v_proj", HIDDEN, HIDDEN)),
                            norm("v.post_ln", SIGLIP + "post_layernorm", HIDDEN))
                    .hyperparameters(
                            TowerRows.KEYS,
                            TowerRows.text("projector_type", "gemma3"),
                            epsilon(),
                            TowerRows.flag("use_gelu"),
                            GemmaTowers::scaleFactor)
                    .build(),
            Map.of("mm.input_projection.weight", GgmlType.F16, "v.patch_embd.weight", GgmlType.F32));

    static final VisionTower GEMMA4 = new VisionTower(Architecture.named("clip", "Gemma4ForConditionalGeneration")
            // Loaders do not look at the size of images here, and the converter writes one all the same.
            .configuration(config -> TowerRows.withDefault(config.with("image_size", 224), "patch_size", 16))
            .naming(GemmaTowers::nameOf)
            .only("hidden_activation", "gelu_pytorch_tanh")
            .only("use_clipped_linears", false)
            .only("attention_bias", false)
            .check(GemmaTowers::refuseAudio)
            .tensors(
                    List.of(TensorRow.of("mm.input_projection.weight", "model.embed_vision.embedding_projection.weight",
                                    TEXT_HIDDEN, HIDDEN),
                            TensorRow.of("v.patch_embd.weight", "model.vision_tower.patch_embedder.input_proj.weight",
                                    Transform.KERNELS_OF_POINTS, HIDDEN, COLOURS, PATCH, PATCH),
                            TensorRow.of("v.position_embd.weight", "model.vision_tower.patch_embedder.position_embedding_table",
                                    Dimension.constant(2), Dimension.key("position_embedding_size"), HIDDEN)),
                    TowerRows.blocks("model.vision_tower.encoder.layers.",
                            scale("ln1", "input_layernorm", HIDDEN),
                            scale("ln2", "pre_feedforward_layernorm", HIDDEN),
                            scale("attn_post_norm", "post_attention_layernorm", HIDDEN),
                            scale("ffn_post_norm", "post_feedforward_layernorm", HIDDEN),
                            matrix("ffn_down", "mlp.down_proj.linear", HIDDEN, FEED_FORWARD),
                            matrix("ffn_gate", "mlp.gate_proj.linear", FEED_FORWARD, HIDDEN),
                            matrix("ffn_up", "mlp.up_proj.linear", FEED_FORWARD, HIDDEN),
                            scale("attn_k_norm", "self_attn.k_norm", HEAD),
                            matrix("attn_k", "self_attn.k_proj.linear", KEY, HIDDEN),
                            matrix("attn_out", "self_attn.o_proj.linear", HIDDEN, QUERY),
                            scale("attn_q_norm", "self_attn.q_norm", HEAD),
                            matrix("attn_q", "self_attn.q_proj.linear", QUERY, HIDDEN),
                            matrix("attn_v", "self_attn.v_proj.linear", KEY, HIDDEN)),
                    TensorRow.in((config, layer) -> config.flag("standardize"), List.of(
                            TensorRow.of("v.std_bias", "model.vision_tower.std_bias", HIDDEN),
                            TensorRow.of("v.std_scale", "model.vision_tower.std_scale", HIDDEN))))
            .hyperparameters(
                    TowerRows.KEYS,
                    TowerRows.text("vision.projector_type", "gemma4v"),
                    epsilon())
            .build());

    private GemmaTowers() {}

    private static Hyperparameter epsilon() {
        return Hyperparameter.number("vision.attention.layer_norm_epsilon",
                config -> config.findNumber("layer_norm_eps").or(() -> Optional.of(1e-6)));
    }

    /** Of the tower and the projector; without the head that pools, and with a part of the name that transformers 5 drops. */
    private static Optional<String> siglipName(String tensor, ModelConfig config) {
        boolean tower = tensor.startsWith("vision_tower.");
        String name = tower && !tensor.startsWith(SIGLIP) ? SIGLIP + tensor.substring("vision_tower.".length()) : tensor;
        return (tower || tensor.startsWith("multi_modal_projector.")) && !name.startsWith(SIGLIP + "head.")
                ? Optional.of(name.replace("_weight", ".weight"))
                : Optional.empty();
    }

    /** How many patches of a side become one, where that is not 4 as in all models that are published. */
    private static void scaleFactor(ModelConfig config, HyperparameterWriter out) {
        long tokens = config.findInteger(ImagePreparation.PREFIX + "image_seq_length").orElse(256L);
        long side = (long) Math.sqrt(tokens);
        if (side < 1) {
            throw new InvalidModelException(config.location() + ": \"" + ImagePreparation.PREFIX
                    + "image_seq_length\" is 0, but must be at least 1");
        }
        long factor = SIDE.of(config) / side;
        if (factor > 0 && factor != 4) {
            out.set("vision.projector.scale_factor", factor);
        }
    }

    private static Optional<String> nameOf(String tensor, ModelConfig config) {
        return tensor.startsWith("model.vision_tower.") || tensor.startsWith("model.embed_vision.")
                ? Optional.of(tensor)
                : Optional.empty();
    }

    private static void refuseAudio(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        if (config.find("model.audio_config").isPresent()) {
            throw new InvalidModelException(config.location().replace(": vision_config", "") + ": \"audio_config\": the model"
                    + " hears as well as sees (Gemma 4 E2B and E4B), and the tower of sounds is not known here");
        }
    }
}
