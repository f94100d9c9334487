package io.nightshift.jobs.cli;

import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.types.FileSize;
import io.nightshift.formats.types.TypeRecipe;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.IOException;

/**
 * The types of a finished file, written down.
 *
 * @param file where to
 * @param size of the file that they are of
 */
record SavedRecipe(String file, FileSize size) {
    private StorageLocation folder() throws StorageException {
        return StorageLocation.parse(file).parent()
                .orElseThrow(() -> new StorageException(file, "is no file; give a path such as recipe.json"));
    }

    /**
     * Finds out before the work whether the file can be written.
     *
     * @throws StorageException if not
     */
    void prepare(HadoopSettings settings) throws IOException {
        StorageProbe.prepare(folder(), settings);
    }

    /** Writes it; the types are read from the file that was made. */
    void write(QuantizeResult result, HadoopSettings settings) throws IOException {
        for (OutputResult output : result.outputs()) {
            if (output.target().equals("gguf:" + size.text())) {
                FileReference made = FileReference.find(output.location(), settings);
                TypeRecipe recipe = TypeRecipe.of(size.label(), GgufFile.read(made.folder(), made.file()).header());
                new WorkFiles(folder().text(), settings).put(StorageLocation.parse(file).name(), recipe.write());
            }
        }
    }
}
