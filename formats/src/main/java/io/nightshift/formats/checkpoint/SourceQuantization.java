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
 *
 * @param method as the configuration calls it
 * @param block the blocks of FP8 weights that share a factor, where they are blocks
 */
public record SourceQuantization(String method, Optional<Block> block) {
    private static final List<String> KEYS = List.of("quantization_config", "compression_config");

    /**
     * The size of a block.
     *
     * @param rows at least 1
     * @param columns at least 1
     */
    public record Block(long rows, long columns) {}

    /**
     * What the configuration says.
     *
     * @throws InvalidModelException if the method is not one that is taken, or a block is not of two numbers from 1 on
     */
    static Optional<SourceQuantization> of(ModelFolder folder, String location, JsonNode config) throws IOException {
        for (JsonNode part : List.of(config, config.path("text_config"))) {
            for (String key : KEYS) {
                if (part.hasNonNull(key)) {
                    return Optional.of(read(location + ": \"" + key + "\"", part.get(key)));
                }
            }
        }
        if (folder.find("hf_quant_config.json").isPresent()) {
            throw refused(folder.location() + "/hf_quant_config.json", "");
        }
        return Optional.empty();
    }

    private static SourceQuantization read(String where, JsonNode given) {
        String method = given.path("quant_method").asText("");
        return switch (method) {
            case "mxfp4" -> new SourceQuantization(method, Optional.empty());
            case "fp8" -> {
                requireE4M3(where, given);
                yield new SourceQuantization(method, block(where, given, "weight_block_size"));
            }
            case "compressed-tensors" ->
                    new SourceQuantization(method, block(where, float8Weights(where, given), "block_structure"));
            default -> throw refused(where, method);
        };
    }

    private static void requireE4M3(String where, JsonNode given) {
        String format = given.path("fmt").asText("e4m3");
        if (!format.equals("e4m3")) {
            throw new InvalidModelException(where + " says that the weights are FP8 of the format " + format
                    + "; only e4m3 is read");
        }
    }

    /** What the only group says of its weights. */
    private static JsonNode float8Weights(String where, JsonNode given) {
        if (!given.path("format").asText().equals("float-quantized")) {
            throw refused(where, "compressed-tensors");
        }
        JsonNode groups = given.path("config_groups");
        JsonNode weights = groups.isEmpty() ? groups : groups.elements().next().path("weights");
        String strategy = weights.path("strategy").asText();
        if (groups.size() != 1 || weights.path("num_bits").asInt() != 8
                || !List.of("channel", "block").contains(strategy)) {
            throw new InvalidModelException(where + " has " + groups.size() + " groups of FP8 weights, one with the strategy '"
                    + strategy + "'; one group with a factor a channel or a block is read");
        }
        return weights;
    }

    private static Optional<Block> block(String where, JsonNode given, String key) {
        if (!given.hasNonNull(key)) {
            return Optional.empty();
        }
        JsonNode size = given.get(key);
        if (size.size() != 2 || !isSize(size.path(0)) || !isSize(size.path(1))) {
            throw new InvalidModelException(where + " has a \"" + key + "\" of " + size
                    + ", but it must be two whole numbers from 1 to " + Integer.MAX_VALUE);
        }
        return Optional.of(new Block(size.get(0).asLong(), size.get(1).asLong()));
    }

    private static boolean isSize(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt() && node.asInt() > 0;
    }

    private static InvalidModelException refused(String where, String method) {
        return new InvalidModelException(where + " says that the weights are quantized already"
                + (method.isEmpty() ? "" : " (" + method + ")")
                + ". Quantize from the checkpoint that this one was made of; FP8 (e4m3) and MXFP4 are read where a model is"
                + " published so");
    }
}
