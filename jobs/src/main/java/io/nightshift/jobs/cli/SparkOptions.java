package io.nightshift.jobs.cli;

import picocli.CommandLine.Option;

/** The Spark that a command runs on. */
final class SparkOptions {
    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else"
            + " local[*]).")
    private String master;

    SparkRuntime runtime() {
        return new SparkRuntime(master);
    }
}
