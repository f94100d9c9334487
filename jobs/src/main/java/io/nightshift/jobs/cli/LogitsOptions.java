package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.evaluation.EvaluateRequest.SavedLogits;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The base-logits files of {@code evaluate}: predictions that are kept, for this program or llama-perplexity. */
final class LogitsOptions {
    @Option(names = "--base-logits", paramLabel = "FILE",
            description = "Take the original's predictions from a file of llama-perplexity --kl-divergence-base, or of"
                    + " --save-base-logits: its weights are not read. The text must be the one that the file was made from.")
    private String baseLogits;

    @Option(names = "--save-base-logits", paramLabel = "FILE",
            description = "Write the original's predictions, for --base-logits and for llama-perplexity --kl-divergence.")
    private String savedLogits;

    @Option(names = "--overwrite",
            description = "Let --save-base-logits replace a file that no run of nightshift made.")
    private boolean overwrite;

    Optional<String> baseLogits() {
        return Optional.ofNullable(baseLogits);
    }

    Optional<SavedLogits> savedLogits() {
        if (savedLogits == null && overwrite) {
            throw new InvalidModelException("--overwrite has no effect without --save-base-logits");
        }
        return Optional.ofNullable(savedLogits).map(location -> new SavedLogits(location, overwrite));
    }
}
