package io.nightshift.jobs.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.formats.weights.QuantizedModel;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.RunId;
import java.io.IOException;
import java.io.Serializable;
import java.util.Optional;

/**
 * A model that executors can open.
 *
 * @param run the run that it is opened for: what executors keep of it belongs to that run
 * @param model its hyperparameters
 * @param folder where its weights are
 * @param file a file of the folder that is a whole model; empty for the folder itself, quantized or not
 */
public record ModelReference(RunId run, DecoderModel model, FolderReference folder, String file)
        implements Serializable {
    private static final String WHOLE_FOLDER = "";

    /** The weights of a checkpoint. */
    public static ModelReference of(RunId run, DecoderModel model, FolderReference folder) {
        return new ModelReference(run, model, folder, WHOLE_FOLDER);
    }

    /**
     * A model that was made of another one. What it says of itself is compared with what the other says.
     *
     * @param run the run that compares them
     * @param location a file or folder of a quantized model, or the folder of a checkpoint
     * @param original the model that it was made of
     * @throws InvalidModelException if there is no such file, or it is another model
     * @throws IOException if it cannot be read
     */
    public static ModelReference find(RunId run, String location, SourceModel original, HadoopSettings settings)
            throws IOException {
        boolean isFile = QuantizedFormats.ofFile(location).isPresent();
        int slash = location.lastIndexOf('/');
        String parent = slash < 0 ? "." : location.substring(0, slash + 1);
        FolderReference folder = FolderReference.find(isFile ? parent : location, settings);
        String file = isFile ? location.substring(slash + 1) : WHOLE_FOLDER;
        ModelFolder opened = folder.open();
        Optional<QuantizedModel> quantized = QuantizedFormats.open(opened, file);
        if (quantized.isPresent()) {
            // Says what is wrong with it before any work.
            quantized.get().requireMadeOf(original.checkpoint());
            quantized.get().weights(original.decoder().tensors());
            return new ModelReference(run, original.decoder(), folder, file);
        }
        DecoderModel model = DecoderModel.of(Checkpoint.open(opened));
        if (model.vocabulary() != original.decoder().vocabulary()) {
            throw new InvalidModelException(location + ": has " + model.vocabulary()
                    + " tokens where the original has "
                    + original.decoder().vocabulary() + "; is it the same model?");
        }
        return of(run, model, folder);
    }

    /** Whether the weights are those of a folder's safetensors files. */
    public boolean isFolder() {
        return file.equals(WHOLE_FOLDER);
    }

    /** Where the weights are, for messages; unlike that of any other model. */
    public String location() {
        return folder.location().text() + (isFolder() ? "" : "/" + file);
    }

    /** The weights. Only headers are read. */
    ModelWeights open() throws IOException {
        ModelFolder opened = folder.open();
        Optional<QuantizedModel> quantized = QuantizedFormats.open(opened, file);
        return quantized.isPresent()
                ? quantized.get().weights(model.tensors())
                : new CheckpointWeights(model.tensors().recipes(), opened);
    }
}
