package io.nightshift.jobs.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqFolder;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.AwqWeights;
import io.nightshift.formats.forward.CheckpointWeights;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.forward.GgufWeights;
import io.nightshift.formats.forward.ModelWeights;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.RunId;
import java.io.IOException;
import java.io.Serializable;

/**
 * A model that executors can open.
 *
 * @param run the run that it is opened for: what executors keep of it belongs to that run
 * @param model its hyperparameters
 * @param folder where its weights are
 * @param file a GGUF file of the folder; empty for the folder's safetensors files, quantized to AWQ or not
 */
public record ModelReference(RunId run, DecoderModel model, FolderReference folder, String file)
        implements Serializable {
    private static final String WHOLE_FOLDER = "";

    /** The weights of a checkpoint. */
    public static ModelReference of(RunId run, DecoderModel model, FolderReference folder) {
        return new ModelReference(run, model, folder, WHOLE_FOLDER);
    }

    /**
     * A model that was made of another one.
     *
     * @param run the run that compares them
     * @param location a GGUF file, or the folder of a checkpoint, quantized to AWQ or not
     * @param original the model that it was made of
     * @throws InvalidModelException if there is no such file, or it is another model
     * @throws IOException if it cannot be read
     */
    public static ModelReference find(RunId run, String location, DecoderModel original, HadoopSettings settings)
            throws IOException {
        if (!location.endsWith(".gguf")) {
            FolderReference folder = FolderReference.find(location, settings);
            if (isAwq(folder.open())) {
                ModelReference reference = of(run, original, folder);
                reference.open(); // Says what is wrong with it before any work.
                return reference;
            }
            DecoderModel model = DecoderModel.of(Checkpoint.open(folder.open()));
            if (model.vocabulary() != original.vocabulary()) {
                throw new InvalidModelException(location + ": has " + model.vocabulary()
                        + " tokens where the original has "
                        + original.vocabulary() + "; is it the same model?");
            }
            return of(run, model, folder);
        }
        int slash = location.lastIndexOf('/');
        FolderReference folder = FolderReference.find(slash < 0 ? "." : location.substring(0, slash + 1), settings);
        ModelReference reference = new ModelReference(run, original, folder, location.substring(slash + 1));
        reference.open(); // Says what is wrong with it before any work.
        return reference;
    }

    private static boolean isAwq(ModelFolder folder) throws IOException {
        return JsonFile.read(folder, "config.json").flatMap(AwqFolder::format).isPresent();
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
        if (isFolder()) {
            return isAwq(opened)
                    ? new AwqWeights(model, AwqFolder.open(opened))
                    : new CheckpointWeights(model, opened);
        }
        StoredFile stored = opened.find(file)
                .orElseThrow(() -> new InvalidModelException(location() + ": there is no such file"));
        return new GgufWeights(model, opened, GgufFile.read(opened, stored));
    }
}
