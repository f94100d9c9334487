package io.nightshift.jobs.cli;

import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.StorageException;
import picocli.CommandLine.Option;

/** The checkpoint that a command works on. */
final class ModelOptions {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "FOLDER",
            description = "The checkpoint: a folder or an s3a:// prefix with config.json, safetensors and tokenizer.")
    private String model;

    String model() {
        return model;
    }

    /**
     * Requires a local folder to be there, before Spark is set up: that takes longer than all that leads to here.
     *
     * @throws StorageException if it is not there
     */
    void requireIfLocal() throws StorageException {
        FolderReference.requireIfLocal(model);
    }
}
