package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Hyperparameter.integer;
import static io.nightshift.formats.architecture.Hyperparameter.number;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import java.util.List;
import java.util.Optional;

/** What the converter writes for most families (conversion/base.py, TextModel.set_gguf_parameters), in its order. */
final class StandardHyperparameters {
    static final Hyperparameter BLOCK_COUNT = (config, out) -> out.set("block_count", (long) out.blocks());

    static final Hyperparameter ALL = Hyperparameter.all(List.of(
            BLOCK_COUNT,
            integer("context_length", "max_position_embeddings", "n_ctx", "n_positions", "max_length",
                    "max_sequence_length", "model_max_length"),
            integer("embedding_length", "hidden_size", "n_embd", "dim"),
            integer("feed_forward_length", "prefix_dense_intermediate_size", "dense_intermediate_size",
                    "intermediate_size", "n_inner", "hidden_dim"),
            integer("attention.head_count", "num_attention_heads", "n_head", "n_heads"),
            integer("attention.head_count_kv", "num_key_value_heads", "n_kv_heads"),
            StandardHyperparameters::causalAttention,
            StandardHyperparameters::ropeScaling,
            StandardHyperparameters::ropeSections,
            number("rope.freq_base", config -> config.findRopeNumber("rope_theta")),
            number("rope.freq_base_swa", ModelConfig::slidingWindowRopeTheta),
            number("attention.layer_norm_rms_epsilon", "rms_norm_eps", "norm_eps"),
            number("attention.layer_norm_epsilon", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"),
            integer("expert_count", "num_local_experts", "num_experts", "n_routed_experts"),
            integer("expert_used_count", "num_experts_per_tok", "num_experts_per_token", "top_k_experts"),
            integer("expert_group_count", "n_group"),
            integer("expert_group_used_count", "topk_group"),
            StandardHyperparameters::expertGatingFunction,
            integer("attention.key_length", "head_dim"),
            integer("attention.value_length", "head_dim"),
            Hyperparameter.fileType()));

    private StandardHyperparameters() {}

    private static void causalAttention(ModelConfig config, HyperparameterWriter out) {
        if (config.find("is_causal").filter(node -> node.isBoolean() && !node.booleanValue()).isPresent()) {
            out.set("attention.causal", new GgufValue.Bool(false));
        }
    }

    private static void ropeScaling(ModelConfig config, HyperparameterWriter out) {
        String type = config.findRope("rope_type").map(JsonNode::asText).orElse("");
        Optional<Double> factor = config.findRopeNumber("factor");
        if (type.equals("linear") && factor.isPresent()) {
            out.set("rope.scaling.type", new GgufValue.Text("linear"));
            out.set("rope.scaling.factor", new GgufValue.Float32(factor.get().floatValue()));
        } else if (type.equals("yarn") && factor.isPresent()) {
            out.set("rope.scaling.type", new GgufValue.Text("yarn"));
            out.set("rope.scaling.factor", new GgufValue.Float32(factor.get().floatValue()));
            out.set("rope.scaling.original_context_length",
                    new GgufValue.Uint32(config.ropeInteger("original_max_position_embeddings")));
            yarn(config, out, "ext_factor", "extrapolation_factor");
            yarn(config, out, "attn_factor", config.hasRope("attention_factor") ? "attention_factor" : "attn_factor");
            yarn(config, out, "beta_fast", "beta_fast");
            yarn(config, out, "beta_slow", "beta_slow");
        } else if (type.equals("su") || type.equals("longrope")) {
            out.set("rope.scaling.type", new GgufValue.Text("longrope"));
        }
    }

    /** The channels that go with time, height and width, and a fourth number, 0. */
    private static void ropeSections(ModelConfig config, HyperparameterWriter out) {
        config.findRopeOfAll("mrope_section").ifPresent(sections -> {
            int[] four = new int[4];
            for (int i = 0; i < Math.min(four.length, sections.size()); i++) {
                four[i] = sections.get(i).asInt();
            }
            out.set("rope.dimension_sections", four);
        });
    }

    private static void yarn(ModelConfig config, HyperparameterWriter out, String key, String name) {
        config.findRopeNumber(name)
                .ifPresent(value -> out.set("rope.scaling.yarn_" + key, new GgufValue.Float32(value.floatValue())));
    }

    private static void expertGatingFunction(ModelConfig config, HyperparameterWriter out) {
        Optional<JsonNode> function = config.find("score_function", "scoring_func", "score_func",
                "moe_router_activation", "moe_router_activation_func", "expert_selection_fn");
        if (function.isPresent()) {
            int value = switch (function.get().asText()) {
                case "softmax" -> 1;
                case "sigmoid" -> 2;
                case "sqrtsoftplus" -> 4;
                default -> throw new InvalidModelException(config.location() + ": the expert gating function "
                        + function.get() + " is unknown; known are softmax, sigmoid and sqrtsoftplus");
            };
            out.set("expert_gating_func", new GgufValue.Uint32(value));
        }
    }
}
