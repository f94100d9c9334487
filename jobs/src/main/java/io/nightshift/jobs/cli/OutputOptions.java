package io.nightshift.jobs.cli;

import picocli.CommandLine.Option;

/** Where a command's output goes. */
final class OutputOptions {
    @Option(names = "--output", required = true, paramLabel = "FOLDER",
            description = "Where to: a folder or s3a:// prefix.")
    private String output;

    @Option(names = "--overwrite", description = "Make outputs again that are complete already.")
    private boolean overwrite;

    String output() {
        return output;
    }

    boolean overwrite() {
        return overwrite;
    }
}
