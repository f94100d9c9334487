package io.nightshift.jobs.cli;

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
}
