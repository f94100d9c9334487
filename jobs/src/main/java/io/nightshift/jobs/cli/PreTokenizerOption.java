package io.nightshift.jobs.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

/** The name of a tokenizer's first step. */
final class PreTokenizerOption {
    @Option(
            names = "--pre-tokenizer",
            paramLabel = "NAME",
            description = "llama.cpp's name of the BPE pre-tokenizer, where it is not recognised.")
    private String name;

    Optional<String> name() {
        return Optional.ofNullable(name);
    }
}
