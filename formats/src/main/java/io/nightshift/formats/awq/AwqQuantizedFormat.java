package io.nightshift.formats.awq;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Hyperparameters;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** AWQ folders of both layouts: made here, by AutoAWQ or llm-compressor. */
public final class AwqQuantizedFormat implements QuantizedFormat {
    /** What the decoder reads of config.json, as far as two values can be compared without knowing the family. */
    private static final List<String> COMPARED = List.of("num_hidden_layers", "hidden_size", "intermediate_size",
            "moe_intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size",
            "max_position_embeddings", "rms_norm_eps", "rope_theta", "sliding_window", "num_local_experts",
            "num_experts", "num_experts_per_tok", "norm_topk_prob", "hidden_act", "hidden_activation",
            "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping");

    /** The same of the rotation, wherever the configuration keeps its parameters. */
    private static final List<String> ROPE_COMPARED = List.of("rope_theta", "factor", "low_freq_factor",
            "high_freq_factor", "beta_fast", "beta_slow", "attention_factor", "partial_rotary_factor",
            "original_max_position_embeddings", "short_factor", "long_factor");

    @Override
    public boolean isFolder(ModelFolder folder, JsonNode config) {
        return AwqFolder.format(config).isPresent();
    }

    @Override
    public QuantizedModel open(ModelFolder folder, String file) throws IOException {
        return new Model(AwqFolder.open(folder));
    }

    private record Model(AwqFolder folder) implements QuantizedModel {
        /** Quantized layers are shown as one tensor each, with the shape of their weights. */
        @Override
        public ModelListing listing() {
            Map<String, Object> metadata = new LinkedHashMap<>();
            folder.configuration().properties().forEach(entry -> metadata.put("quantization_config." + entry.getKey(),
                    entry.getValue().isTextual() ? entry.getValue().asText() : entry.getValue().toString()));
            List<ModelListing.Entry> tensors = new ArrayList<>();
            Set<String> parts = new HashSet<>();
            for (AwqLinear linear : folder.linears()) {
                linear.tensors().values().forEach(tensor -> parts.add(tensor.name()));
                tensors.add(new ModelListing.Entry(linear.module() + ".weight", "4-bit/" + linear.groupSize(),
                        List.of((long) linear.outputs(), (long) linear.inputs()), linear.bytes(),
                        8.0 * linear.bytes() / ((double) linear.outputs() * linear.inputs())));
            }
            folder.tensors().values().stream()
                    .filter(tensor -> !parts.contains(tensor.name()))
                    .forEach(tensor -> tensors.add(ModelListing.Entry.of(tensor)));
            return new ModelListing(metadata, tensors);
        }

        @Override
        public void requireMadeOf(Checkpoint original) throws IOException {
            String location = folder.folder().location() + "/config.json";
            String originalLocation = original.folder().location();
            ModelConfig own = ModelConfig.of(location, JsonFile.read(folder.folder(), "config.json").orElseThrow());
            for (String key : COMPARED) {
                requireSame(key, own.find(key), original, original.config().find(key));
            }
            requireSame("rope_parameters.rope_type", Optional.of(ropeType(own)), original,
                    Optional.of(ropeType(original.config())));
            for (String key : ROPE_COMPARED) {
                requireSame("rope_parameters." + key, own.findRope(key), original, original.config().findRope(key));
            }
            // What only one of them says may be a default, which the family's table knows.
            Hyperparameters.of(own).requireSame(location, Hyperparameters.of(original.config()), originalLocation);
        }

        private void requireSame(
                String key, Optional<JsonNode> value, Checkpoint original, Optional<JsonNode> expected) {
            if (value.isPresent() && expected.isPresent() && !same(value.get(), expected.get())) {
                throw new InvalidModelException(folder.folder().location() + "/config.json: \"" + key + "\" is "
                        + value.get() + ", but in the model " + original.folder().location() + " it is "
                        + expected.get() + ": the figures would be those of another model");
            }
        }

        /** Older versions of transformers call longrope su. */
        private static JsonNode ropeType(ModelConfig config) {
            String type = config.findRope("rope_type").map(JsonNode::asText).orElse("default").toLowerCase(Locale.ROOT);
            return TextNode.valueOf(type.equals("su") ? "longrope" : type);
        }

        /** 1 and 1.0 are the same, alone and in lists. */
        private static boolean same(JsonNode one, JsonNode other) {
            return one.equals((a, b) -> a.isNumber() && b.isNumber()
                    ? Double.compare(a.doubleValue(), b.doubleValue())
                    : a.equals(b) ? 0 : 1, other);
        }

        @Override
        public ModelWeights weights(ModelTensors original) {
            return new AwqWeights(original, folder);
        }
    }
}
