package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HEAD;
import static io.nightshift.formats.architecture.Dimension.HEADS;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.util.List;
import java.util.Optional;

/** Hunyuan, dense and with experts (conversion/hunyuan.py): norms of heads come behind the rotation. */
final class HunyuanFamily {
    private static final long LONG_CONTEXT = 1 << 18;
    /** Lists with a number a layer, of which files and loaders know one for all. */
    private static final List<String> SIZES = List.of("moe_topk", "moe_intermediate_size", "num_shared_expert");

    private static final List<TensorRow> HEAD_NORMS = List.of(
            norm("attn_q_norm", "self_attn.query_layernorm", HEAD),
            norm("attn_k_norm", "self_attn.key_layernorm", HEAD));

    /** HunYuanModel. */
    static final Architecture DENSE = Architecture.named("hunyuan-dense", "HunYuanDenseV1ForCausalLM")
            .vocabulary(VocabularyRule.HUNYUAN)
            .configuration(config -> config.without("num_experts").without("num_local_experts"))
            .naming(SourceNaming.STANDARD.leavingOutTiedOutput())
            .only("hidden_act", "silu")
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), DecoderRows.FEED_FORWARD_ROWS, HEAD_NORMS)
            .hyperparameters(StandardHyperparameters.ALL, (config, out) -> {
                if (isDynamic(config)) {
                    stretchedBase(config, out, config.findRopeOfAllNumber("alpha").orElse(50.0), config.integer("head_dim"));
                }
            })
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.NONE).with(Rotation.BEFORE_NORMS))
            .build();

    /** HunYuanMoEModel: experts, which are as large as the one that all tokens pass, are stored one by one. */
    static final Architecture MIXTURE = Architecture.named("hunyuan-moe", "HunYuanMoEV1ForCausalLM")
            .vocabulary(VocabularyRule.HUNYUAN_MIXTURE)
            .only("hidden_act", "silu")
            .only("use_cla", false)
            .only("use_qk_norm", true)
            .only("use_mixed_mlp_moe", true)
            .only("moe_layer_num_skipped", 0)
            .only("position_embedding_xdrope", false)
            .only("norm_topk_prob", true)
            .only("routed_scaling_factor", "1.0", 1, false)
            .check(checkpoint -> requireOneSize(checkpoint.config()))
            .configuration(HunyuanFamily::withOneSize)
            .naming(SourceNaming.STANDARD.leavingOutTiedOutput())
            .tensors(DecoderRows.COMMON, DecoderRows.attention(), HEAD_NORMS, List.of(
                    matrix("ffn_gate_inp", "mlp.gate.wg", EXPERTS, HIDDEN),
                    matrix("ffn_gate_exps", "mlp.experts.{expert}.gate_proj", EXPERTS, FEED_FORWARD, HIDDEN),
                    matrix("ffn_up_exps", "mlp.experts.{expert}.up_proj", EXPERTS, FEED_FORWARD, HIDDEN),
                    matrix("ffn_down_exps", "mlp.experts.{expert}.down_proj", EXPERTS, HIDDEN, FEED_FORWARD),
                    matrix("ffn_gate_shexp", "mlp.shared_mlp.gate_proj", FEED_FORWARD, HIDDEN),
                    matrix("ffn_up_shexp", "mlp.shared_mlp.up_proj", FEED_FORWARD, HIDDEN),
                    matrix("ffn_down_shexp", "mlp.shared_mlp.down_proj", HIDDEN, FEED_FORWARD)))
            .hyperparameters(HunyuanFamily::mixtureKeys)
            .forward(LinearGroup.SHARED_EXPERT, DecoderTraits.windows(WindowPattern.NONE).with(Rotation.BEFORE_NORMS))
            .build();

    private HunyuanFamily() {}

    private static void requireOneSize(ModelConfig config) {
        for (String key : SIZES) {
            JsonNode sizes = config.find(key).orElseThrow(
                    () -> new InvalidModelException(config.location() + ": \"" + key + "\" is missing"));
            boolean one = sizes.isArray() && !sizes.isEmpty() && sizes.get(0).isIntegralNumber();
            for (JsonNode size : sizes) {
                one &= size.equals(sizes.get(0));
            }
            if (!one) {
                throw new InvalidModelException(config.location() + ": \"" + key + "\" is " + sizes
                        + ", but must be a list of whole numbers, all the same: GGUF has one for all layers");
            }
        }
        // Loaders take shapes of both from intermediate_size.
        Variants.refuseOtherElements(config, "moe_intermediate_size", FEED_FORWARD.of(config));
        Variants.refuseOtherElements(config, "num_shared_expert", 1);
    }

    /** Sizes of all layers as numbers, and groups of experts, which there are none of, as Python writes what is false. */
    private static ModelConfig withOneSize(ModelConfig config) {
        ModelConfig adapted = config.with("num_experts_per_tok", oneOf(config, "moe_topk"));
        for (String key : List.of("n_group", "topk_group")) {
            Optional<JsonNode> given = config.find(key).filter(value -> value.isBoolean() && !value.booleanValue());
            adapted = given.isPresent() ? adapted.with(key, 0) : adapted;
        }
        return adapted;
    }

    private static long oneOf(ModelConfig config, String key) {
        return config.find(key).map(sizes -> sizes.path(0).asLong()).orElse(0L);
    }

    private static void mixtureKeys(ModelConfig config, HyperparameterWriter out) {
        StandardHyperparameters.ALL.write(config.without("num_experts_per_tok"), out);
        out.set("expert_shared_feed_forward_length", FEED_FORWARD.of(config));
        out.set("expert_feed_forward_length", oneOf(config, "moe_intermediate_size"));
        out.set("expert_used_count", oneOf(config, "moe_topk"));
        out.set("expert_shared_count", oneOf(config, "num_shared_expert"));
        if (isDynamic(config)) {
            double alpha = config.findRopeOfAllNumber("alpha").orElse(1000.0);
            long head = HIDDEN.of(config) / Math.max(1, HEADS.of(config));
            if (alpha != 1000 || head != 128) {
                throw new InvalidModelException(config.location() + ": with the rope type dynamic, \"alpha\" is " + alpha
                        + " and a head has " + head + " channels; known are 1000 and 128");
            }
            stretchedBase(config, out, alpha, head);
        }
    }

    private static boolean isDynamic(ModelConfig config) {
        return config.findRopeOfAll("rope_type").filter(type -> type.asText().equals("dynamic")).isPresent();
    }

    /** Longer contexts by a larger base of the rotation; what the configuration says of the context is ignored. */
    private static void stretchedBase(ModelConfig config, HyperparameterWriter out, double alpha, double head) {
        double base = config.findRopeOfAllNumber("rope_theta").orElse(10000.0);
        long context = config.integer("max_position_embeddings");
        if (base != 10000 || context != 1 << 15 && context != LONG_CONTEXT) {
            throw new InvalidModelException(config.location() + ": with the rope type dynamic, \"rope_theta\" is " + base
                    + " and \"max_position_embeddings\" " + context + "; known are 10000, and 32768 or 262144");
        }
        out.set("rope.freq_base", new GgufValue.Float32((float) (base * Math.pow(alpha, head / (head - 2)))));
        out.set("rope.scaling.type", new GgufValue.Text("none"));
        out.set("rope.scaling.factor", new GgufValue.Float32(1));
        out.set("rope.scaling.original_context_length", LONG_CONTEXT);
        out.set("context_length", LONG_CONTEXT);
    }
}
