package io.nightshift.jobs.calibration;

import java.util.List;

/**
 * What a calibration did.
 *
 * @param location where the statistics are
 * @param skipped whether they were complete already; then only the numbers of tokens, sequences and groups are given
 * @param tokens that the model was run on
 * @param sequences that they came in
 * @param groups of sequences
 * @param seconds the whole run
 * @param tokensPerSecond tokens that went through the whole model in a second
 * @param bytesRead bytes of weights that were read, by all executors
 * @param bytesWritten bytes of the statistics, without the Parquet files
 * @param layers the layers, one by one
 * @param expertsWithFewTokens experts that were given the statistics of all experts together
 */
public record CalibrateResult(
        String location,
        boolean skipped,
        long tokens,
        int sequences,
        int groups,
        double seconds,
        double tokensPerSecond,
        long bytesRead,
        long bytesWritten,
        List<Layer> layers,
        int expertsWithFewTokens) {
    /**
     * A layer.
     *
     * @param layer its index, -1 for the final norm before the output matrix
     * @param seconds from the layer before
     * @param bytesRead bytes of weights that were read for it, by all executors
     * @param executors what each executor did
     */
    public record Layer(int layer, double seconds, long bytesRead, List<Executor> executors) {}

    /**
     * An executor's share of a layer.
     *
     * @param executor its id
     * @param tokens that it took through the layer
     * @param bytesRead bytes of weights that it read
     * @param tokensPerSecond tokens divided by the time of its tasks, added up
     */
    public record Executor(String executor, long tokens, long bytesRead, double tokensPerSecond) {}
}
