package io.nightshift.formats.conversion;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.Hyperparameters;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TensorRecipe.Computed;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.formats.weights.ModelListing;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormat;
import io.nightshift.formats.weights.QuantizedModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** GGUF files: made here, by llama.cpp, or by anyone from the same checkpoint. */
public final class GgufQuantizedFormat implements QuantizedFormat {
    @Override
    public boolean isFile(String path) {
        return path.endsWith(".gguf");
    }

    @Override
    public QuantizedModel open(ModelFolder folder, String file) throws IOException {
        StoredFile stored = folder.find(file).orElseThrow(
                () -> new InvalidModelException(folder.location() + "/" + file + ": there is no such file"));
        return new Model(folder, GgufFile.read(folder, stored));
    }

    private record Model(ModelFolder folder, GgufFile file) implements QuantizedModel {
        @Override
        public ModelListing listing() {
            Map<String, Object> metadata = new LinkedHashMap<>();
            file.header().metadata().values().forEach((key, value) -> metadata.put(key, value.plain()));
            return new ModelListing(metadata, file.header().tensors().stream()
                    .map(tensor -> new ModelListing.Entry(tensor.name(), tensor.type().name(), tensor.shape(),
                            tensor.bytes(), tensor.type().bitsPerWeight()))
                    .toList());
        }

        @Override
        public void requireMadeOf(Checkpoint original) throws IOException {
            Hyperparameters own;
            try {
                own = Hyperparameters.of(file.header().metadata());
            } catch (InvalidModelException e) {
                throw new InvalidModelException(location() + ": " + e.getMessage(), e);
            }
            String originalLocation = original.folder().location();
            own.requireSame(location(), Hyperparameters.of(original.config()), originalLocation);
            for (TensorRecipe recipe : Architectures.convertToRun(original).tensors()) {
                if (recipe.content() instanceof Computed computed) {
                    requireSame(recipe, computed.values(), originalLocation);
                }
            }
        }

        /** The factors of the rotation are tensors of the file, but come from the configuration. */
        private void requireSame(TensorRecipe recipe, List<Float> values, String originalLocation) throws IOException {
            GgufTensor tensor = file.header().tensors().stream()
                    .filter(entry -> entry.name().equals(recipe.name()))
                    .findFirst()
                    .orElseThrow(() -> new InvalidModelException(location() + ": tensor " + recipe.name()
                            + " is missing, which the model " + originalLocation + " has"));
            file.readF32(folder, List.of(tensor), (read, own) -> {
                if (own.length != values.size()) {
                    throw new InvalidModelException(location() + ": tensor " + recipe.name() + " has " + own.length
                            + " values, but in the model " + originalLocation + " it has " + values.size());
                }
                for (int i = 0; i < own.length; i++) {
                    if (own[i] != values.get(i)) {
                        throw new InvalidModelException(location() + ": tensor " + recipe.name() + ": value " + i
                                + " is " + own[i] + ", but in the model " + originalLocation + " it is "
                                + values.get(i));
                    }
                }
            });
        }

        @Override
        public ModelWeights weights(ModelTensors original) {
            return new GgufWeights(original, folder, file);
        }

        private String location() {
            return folder.location() + "/" + file.file().name();
        }
    }
}
