package io.nightshift.jobs.evaluation;

import java.util.List;

/**
 * What an evaluation found.
 *
 * @param context tokens of a chunk
 * @param chunks number of chunks
 * @param scoredTokens tokens that were predicted and scored
 * @param seconds the whole run
 * @param tokensPerSecond tokens that went through a whole model in a second, all models together
 * @param bytesRead bytes of weights that were read, by all executors
 * @param original the original
 * @param quantized what was made of it
 */
public record EvaluateResult(
        int context,
        int chunks,
        long scoredTokens,
        double seconds,
        double tokensPerSecond,
        long bytesRead,
        Score original,
        List<Score> quantized) {
    /**
     * How well a model predicts.
     *
     * @param location where it is
     * @param perplexity by llama-perplexity's convention
     * @param perplexityError its standard error
     * @param meanDivergence mean of the Kullback-Leibler divergence of its predictions from the original's, in nats; 0
     *     for
     *     the original, as the following
     * @param meanDivergenceError its standard error
     * @param divergence99 99th percentile of the divergence
     * @param divergence999 99.9th percentile
     * @param maximalDivergence the largest one
     * @param sameTop share of tokens whose most probable successor is the original's; 1 for the original
     */
    public record Score(
            String location,
            double perplexity,
            double perplexityError,
            double meanDivergence,
            double meanDivergenceError,
            double divergence99,
            double divergence999,
            double maximalDivergence,
            double sameTop) {}
}
