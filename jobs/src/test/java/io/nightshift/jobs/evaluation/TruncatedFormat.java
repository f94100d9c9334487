package io.nightshift.jobs.evaluation;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * A format that only tests know: a folder with a file for each tensor of a BF16 checkpoint, in which the last bits of
 * each weight are zero. It is registered like any other, and nothing in the main code was changed for it.
 */
public final class TruncatedFormat implements QuantizedFormat {
    private static final String METHOD = "truncated";

    /** Makes a folder of this format. */
    static Path write(Checkpoint original, int zeroBits, Path folder) throws IOException {
        ModelTensors tensors = DecoderModel.of(original).tensors();
        ModelWeights weights = new CheckpointWeights(tensors.recipes(), original.folder());
        Files.createDirectories(folder);
        for (TensorRecipe recipe : tensors.recipes().values()) {
            byte[] rows = new byte[Math.toIntExact(recipe.weights() * 2)];
            weights.read(recipe.name(), 0, recipe.rows(), rows);
            for (int i = 0; i < rows.length; i += 2) {
                rows[i] &= (byte) (-1 << zeroBits);
            }
            Files.write(folder.resolve(recipe.name()), rows);
        }
        Files.writeString(folder.resolve("config.json"), "{\"quantization_config\": {\"quant_method\": \"" + METHOD
                + "\", \"zero_bits\": " + zeroBits + ", \"layers\": " + DecoderModel.of(original).layers() + "}}");
        return folder;
    }

    @Override
    public boolean isFolder(ModelFolder folder, JsonNode config) {
        return QuantizedFormats.declared(config).path("quant_method").asText().equals(METHOD);
    }

    @Override
    public QuantizedModel open(ModelFolder folder, String file) throws IOException {
        JsonNode config = JsonFile.read(folder, "config.json").orElseThrow();
        return new Model(folder, folder.list(), QuantizedFormats.declared(config));
    }

    private record Model(ModelFolder folder, List<StoredFile> files, JsonNode declared) implements QuantizedModel {
        @Override
        public ModelListing listing() {
            return new ModelListing(Map.of("zero_bits", declared.get("zero_bits").asInt()), files.stream()
                    .filter(file -> !file.name().equals("config.json"))
                    .map(file -> new ModelListing.Entry(
                            file.name(), METHOD, List.of(file.length() / 2), file.length(), 16))
                    .toList());
        }

        @Override
        public void requireMadeOf(Checkpoint original) {
            long layers = original.config().integer("num_hidden_layers");
            if (declared.get("layers").asLong() != layers) {
                throw new InvalidModelException(folder.location() + ": layers is " + declared.get("layers")
                        + ", but in the model " + original.folder().location() + " it is " + layers);
            }
        }

        @Override
        public ModelWeights weights(ModelTensors original) {
            return new Weights(folder, original, new LongAdder());
        }
    }

    private record Weights(ModelFolder folder, ModelTensors original, LongAdder read) implements ModelWeights {
        @Override
        public Optional<TensorShape> find(String tensor) {
            return Optional.ofNullable(original.recipes().get(tensor))
                    .filter(recipe -> recipe.content() instanceof Stored)
                    .map(recipe -> new TensorShape(recipe.rows(), (int) recipe.columns(), GgmlType.BF16));
        }

        @Override
        public void read(String tensor, long from, long to, byte[] into) throws IOException {
            int row = get(tensor).rowBytes();
            folder.readFully(tensor, from * row, into, 0, (int) (to - from) * row);
            read.add((to - from) * row);
        }

        @Override
        public long bytesRead() {
            return read.sum();
        }

        @Override
        public String location() {
            return folder.location();
        }
    }
}
