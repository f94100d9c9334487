package io.nightshift.jobs.cli;

import io.nightshift.jobs.quantize.ImportanceOptions;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options about the importance matrix, as llama-quantize has them. */
final class ImportanceSelection {
    @Option(
            names = "--imatrix",
            split = ",",
            paramLabel = "FILE",
            description = "The importance matrix of the model, as llama-imatrix writes it, GGUF or the older binary"
                    + " format; may be s3a://. Several, separated by commas or given again, are added up.")
    private List<String> files = new ArrayList<>();

    @Option(
            names = "--include-weights",
            paramLabel = "NAME",
            description = "Use the importance matrix only for tensors whose name contains this. May be given again.")
    private List<String> include = new ArrayList<>();

    @Option(
            names = "--exclude-weights",
            paramLabel = "NAME",
            description = "Do not use the importance matrix for tensors whose name contains this. May be given again.")
    private List<String> exclude = new ArrayList<>();

    ImportanceOptions options() {
        return new ImportanceOptions(List.copyOf(files), List.copyOf(include), List.copyOf(exclude));
    }

    /** The first option that was given, for targets that have no use for them. */
    String given() {
        return !files.isEmpty() ? "--imatrix"
                : !include.isEmpty() ? "--include-weights"
                : !exclude.isEmpty() ? "--exclude-weights"
                : null;
    }
}
