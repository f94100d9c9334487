package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A model folder as Hugging Face lays it out. Opening it reads {@code config.json}, the index of the shards, if there
 * is one, and the headers of the safetensors files, and checks them against each other; weights are not touched.
 */
public final class Checkpoint {
    private static final List<String> QUANTIZATION_KEYS = List.of("quantization_config", "compression_config");

    private final ModelFolder folder;
    private final ModelConfig config;
    private final List<SafetensorsTensor> tensors;

    private Checkpoint(ModelFolder folder, ModelConfig config, List<SafetensorsTensor> tensors) {
        this.folder = folder;
        this.config = config;
        this.tensors = tensors;
    }

    /**
     * Opens a checkpoint.
     *
     * @throws InvalidModelException if a file is missing or malformed, if the shards disagree with their index, or if
     *     the weights are quantized already
     * @throws IOException if the folder cannot be read
     */
    public static Checkpoint open(ModelFolder folder) throws IOException {
        String location = folder.location() + "/config.json";
        Optional<JsonNode> found = JsonFile.read(folder, "config.json");
        if (found.isEmpty()) {
            throw NoCheckpoint.withoutConfiguration(folder);
        }
        JsonNode json = found.get();
        refuseQuantized(folder, location, json);
        refuseQuantized(folder, location, json.path("text_config"));
        ModelConfig config = ModelConfig.of(location, json);
        return new Checkpoint(folder, config, Shards.tensors(folder));
    }

    /**
     * The tensors of a folder, quantized or not: those of all files, in the order of the files' names, then of their
     * own.
     *
     * @throws InvalidModelException if a file is missing or malformed, or if the shards disagree with their index
     * @throws IOException if the folder cannot be read
     */
    public static List<SafetensorsTensor> readTensors(ModelFolder folder) throws IOException {
        return Shards.tensors(folder);
    }

    private static void refuseQuantized(ModelFolder folder, String location, JsonNode config) throws IOException {
        Optional<String> key = QUANTIZATION_KEYS.stream().filter(config::hasNonNull).findFirst();
        boolean modelOpt = folder.find("hf_quant_config.json").isPresent();
        if (key.isPresent() || modelOpt) {
            String where = key.map(name -> location + ": \"" + name + "\"")
                    .orElse(folder.location() + "/hf_quant_config.json");
            String method = key.map(name -> config.path(name).path("quant_method").asText("")).orElse("");
            throw new InvalidModelException(where + " says that the weights are quantized already"
                    + (method.isEmpty() ? "" : " (" + method + ")")
                    + ". Quantize from the original BF16, F16 or F32 checkpoint");
        }
    }

    /** Where it lies: for the tokenizer's files, generation_config.json and so on. */
    public ModelFolder folder() {
        return folder;
    }

    /** Its hyperparameters. */
    public ModelConfig config() {
        return config;
    }

    /** All tensors: files in the order of their names, and the tensors of a file in the order of theirs. */
    public List<SafetensorsTensor> tensors() {
        return tensors;
    }
}
