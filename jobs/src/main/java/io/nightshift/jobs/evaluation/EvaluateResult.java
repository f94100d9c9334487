package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.text.ScoredChats;
import java.util.List;

/**
 * What an evaluation found.
 *
 * @param context tokens of a chunk; of chats, of the longest conversation as it was scored
 * @param chunks number of chunks, or of conversations
 * @param scoredTokens tokens that were predicted and scored
 * @param seconds the whole run
 * @param tokensPerSecond tokens that went through a whole model in a second, all models together
 * @param bytesRead bytes of weights and of base-logits files that were read, by all executors
 * @param original the original
 * @param quantized what was made of it
 * @param fineTune what the original changed of its base, and what of that is left; null where no base was given
 * @param chats what the chats were, of which the assistant's tokens were scored; null for other texts
 */
public record EvaluateResult(
        int context,
        int chunks,
        long scoredTokens,
        double seconds,
        double tokensPerSecond,
        long bytesRead,
        Score original,
        List<Score> quantized,
        FineTune fineTune,
        Chats chats) {
    /**
     * What was not scored of chats.
     *
     * @param unplacedTurns turns of the assistant whose place in the text could not be told
     * @param cut conversations that are longer than the context, and were cut
     * @param leftOut conversations without anything to score
     */
    public record Chats(int unplacedTurns, int cut, int leftOut) {
        static Chats of(ScoredChats chats) {
            return new Chats(chats.unplaced(), chats.cut(), chats.leftOut());
        }
    }

    /**
     * How well a model predicts.
     *
     * @param location where it is
     * @param perplexity by llama-perplexity's convention
     * @param perplexityError its standard error as llama-perplexity has it: the perplexity times that of the mean loss,
     *     which is the root of the variance over tokens divided by their number less one
     * @param meanDivergence mean of the Kullback-Leibler divergence of its predictions from the original's, in nats; 0
     *     for the original, as the following
     * @param meanDivergenceError its standard error, over tokens alike
     * @param divergence99 99th percentile of the divergence
     * @param divergence999 99.9th percentile
     * @param maximalDivergence the largest one
     * @param sameTop share of tokens whose most probable successor is the original's; 1 for the original
     * @param firstHalf the figures of the first half of the scored tokens, in the order of the text
     * @param secondHalf those of the second half
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
            double sameTop,
            Half firstHalf,
            Half secondHalf) {
        /**
         * The noise floor of the mean divergence: half the difference of the two halves' means. Standard errors take
         * tokens for independent; halves tell what the choice of the text does too. Two means that differ by less than
         * this are not told apart.
         */
        public double divergenceNoise() {
            return Math.abs(firstHalf.meanDivergence() - secondHalf.meanDivergence()) / 2;
        }
    }

    /**
     * What a model scores on half of the text.
     *
     * @param perplexity by llama-perplexity's convention
     * @param meanDivergence mean divergence from the original, in nats; 0 for the original
     */
    public record Half(double perplexity, double meanDivergence) {}
}
