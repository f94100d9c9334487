package io.nightshift.jobs.batch.state;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * One row of the state table.
 *
 * @param run the run that made it
 * @param model the model's name
 * @param target as the manifest has it
 * @param status what became of it
 * @param name its file or folder, a path within the output
 * @param bytes of all its files; 0 where there are none
 * @param seconds by the clock from its scales to its last byte; outputs that were made together share them equally
 * @param coreSeconds of all tasks that made it, each with all of its cores; shared likewise
 * @param bitsPerWeight on average
 * @param quality what it lost, where it was evaluated
 * @param digests SHA-256 in hexadecimal, by the file's path within the model's folder, in the order of paths; none where there
 *     are no files
 * @param error in words, where it failed or is over its gate
 */
public record OutputState(
        String run,
        String model,
        String target,
        OutputStatus status,
        String name,
        long bytes,
        double seconds,
        double coreSeconds,
        OptionalDouble bitsPerWeight,
        Optional<Quality> quality,
        Map<String, String> digests,
        String error) {
    public OutputState {
        digests = Collections.unmodifiableMap(new TreeMap<>(digests));
    }

    /** Whether the output was made and is there, though its evaluation may have failed. */
    public boolean isMade() {
        return !digests.isEmpty();
    }

    /** The same output, judged anew. */
    public OutputState with(String newRun, OutputStatus newStatus, Optional<Quality> measured, String newError) {
        return new OutputState(newRun, model, target, newStatus, name, bytes, seconds, coreSeconds, bitsPerWeight, measured,
                digests, newError);
    }

    /** The same output, taken away. */
    public OutputState withoutFiles() {
        return new OutputState(run, model, target, status, name, 0, seconds, coreSeconds, bitsPerWeight, quality, Map.of(),
                error);
    }

    /**
     * What an output lost, over held-out text.
     *
     * @param meanDivergence mean KL divergence from the original, in nats
     * @param meanDivergenceError its standard error
     * @param divergence999 99.9th percentile
     * @param sameTop share of tokens whose most probable successor is the original's
     * @param perplexity by llama-perplexity's convention
     * @param perplexityError its standard error
     */
    public record Quality(
            double meanDivergence,
            double meanDivergenceError,
            double divergence999,
            double sameTop,
            double perplexity,
            double perplexityError) {}
}
