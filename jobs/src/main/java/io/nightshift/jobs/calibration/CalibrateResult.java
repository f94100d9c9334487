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
 * @param executors what each executor did in all layers together: tokens are counted once for each layer that they
 *     went through
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
        List<Executor> executors,
        int expertsWithFewTokens) {
    /**
     * A layer.
     *
     * @param layer its index, -1 for the final norm before the output matrix
     * @param tokens that went through it
     * @param seconds from the layer before; adding up and writing its statistics is in it
     * @param tokensPerSecond tokens divided by these
     * @param bytesRead bytes of weights that were read for it, by all executors
     * @param executors what each executor did
     */
    public record Layer(
            int layer,
            long tokens,
            double seconds,
            double tokensPerSecond,
            long bytesRead,
            List<Executor> executors) {}

    /**
     * An executor's share of a layer, or of all.
     *
     * @param executor its id
     * @param tokens that it took through the layer
     * @param bytesRead bytes of weights that it read: once, whatever the number of its tasks
     * @param tokensPerSecond tokens divided by the time from the start of its first task to the end of its last one, of
     *     each layer
     */
    public record Executor(String executor, long tokens, long bytesRead, double tokensPerSecond) {}
}
