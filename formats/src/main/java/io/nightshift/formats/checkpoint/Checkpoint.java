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
    private final ModelFolder folder;
    private final ModelConfig config;
    private final List<SafetensorsTensor> tensors;
    private final Optional<SourceQuantization> quantization;

    private Checkpoint(
            ModelFolder folder, ModelConfig config, List<SafetensorsTensor> tensors,
            Optional<SourceQuantization> quantization) {
        this.folder = folder;
        this.config = config;
        this.tensors = tensors;
        this.quantization = quantization;
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
        Optional<SourceQuantization> quantization = SourceQuantization.of(folder, location, json);
        ModelConfig config = ModelConfig.of(location, json);
        return new Checkpoint(folder, config, Shards.tensors(folder), quantization);
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

    /** What config.json says of how weights are stored, where they are FP8 or MXFP4. */
    public Optional<SourceQuantization> quantization() {
        return quantization;
    }

    /** The model without its blocks for predicting further tokens, as the converter's {@code --no-mtp} takes it. */
    public Checkpoint withoutPrediction() {
        return new Checkpoint(folder, config.withoutPrediction(), tensors, quantization);
    }

    /** The same tensors, seen by another configuration: that of a part of the model. */
    public Checkpoint with(ModelConfig other) {
        return new Checkpoint(folder, other, tensors, quantization);
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
