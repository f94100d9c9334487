package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * How the weights of a checkpoint are quantized that is published so: FP8 with factors, and gpt-oss's MXFP4, are taken
 * as the converter takes them; what was made of another checkpoint by rounding it is not.
 */
final class SourceQuantization {
    private static final List<String> KEYS = List.of("quantization_config", "compression_config");

    private SourceQuantization() {}

    /**
     * What the configuration says.
     *
     * @throws InvalidModelException if the method is not one that is taken
     */
    static Optional<JsonNode> of(ModelFolder folder, String location, JsonNode config) throws IOException {
        for (JsonNode part : List.of(config, config.path("text_config"))) {
            for (String key : KEYS) {
                if (part.hasNonNull(key)) {
                    JsonNode given = part.get(key);
                    requireKnown(location + ": \"" + key + "\"", given);
                    return Optional.of(given);
                }
            }
        }
        if (folder.find("hf_quant_config.json").isPresent()) {
            throw refused(folder.location() + "/hf_quant_config.json", "");
        }
        return Optional.empty();
    }

    private static void requireKnown(String where, JsonNode given) {
        String method = given.path("quant_method").asText("");
        boolean known = switch (method) {
            case "fp8", "mxfp4" -> true;
            case "compressed-tensors" -> isFloat8(where, given);
            default -> false;
        };
        if (!known) {
            throw refused(where, method);
        }
        String format = given.path("fmt").asText("e4m3");
        if (method.equals("fp8") && !format.equals("e4m3")) {
            throw new InvalidModelException(where + " says that the weights are FP8 of the format " + format
                    + "; only e4m3 is read");
        }
    }

    private static boolean isFloat8(String where, JsonNode given) {
        if (!given.path("format").asText().equals("float-quantized")) {
            return false;
        }
        JsonNode groups = given.path("config_groups");
        String strategy = groups.path(0).path("weights").path("strategy").asText();
        if (groups.size() == 1) {
            JsonNode weights = groups.elements().next().path("weights");
            strategy = weights.path("strategy").asText();
            if (weights.path("num_bits").asInt() == 8 && List.of("channel", "block").contains(strategy)) {
                return true;
            }
        }
        throw new InvalidModelException(where + " has " + groups.size() + " groups of FP8 weights, one with the strategy '"
                + strategy + "'; one group with a factor a channel or a block is read");
    }

    private static InvalidModelException refused(String where, String method) {
        return new InvalidModelException(where + " says that the weights are quantized already"
                + (method.isEmpty() ? "" : " (" + method + ")")
                + ". Quantize from the checkpoint that this one was made of; FP8 (e4m3) and MXFP4 are read where a model is"
                + " published so");
    }

    /** The size of the blocks that share a factor. */
    static Optional<List<Long>> block(JsonNode quantization) {
        JsonNode size = quantization.path("weight_block_size");
        if (quantization.path("config_groups").size() == 1) {
            size = quantization.path("config_groups").elements().next().path("weights").path("block_structure");
        }
        return size.size() == 2
                ? Optional.of(List.of(size.get(0).asLong(), size.get(1).asLong()))
                : Optional.empty();
    }
}
