package io.nightshift.jobs.evaluation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Turns the scores of tokens into those of a model; sums run in the order of the text. */
final class ScoreSummary {
    private ScoreSummary() {}

    /** Of the original itself. */
    static EvaluateResult.Score of(String location, List<TokenScores> scores) {
        return of(location, scores, scores);
    }

    /** Of a model that was compared with the original. */
    static EvaluateResult.Score of(String location, List<TokenScores> scores, List<TokenScores> original) {
        List<TokenScores> inOrder = inOrder(scores);
        double[] losses = inOrder.stream().flatMapToDouble(group -> Arrays.stream(group.losses())).toArray();
        double[] divergences = inOrder.stream().flatMapToDouble(group -> Arrays.stream(group.divergences())).toArray();
        double perplexity = Math.exp(mean(losses));
        int tokens = losses.length;
        // One token alone is all that both halves have.
        EvaluateResult.Half first = half(losses, divergences, 0, Math.max(1, tokens / 2));
        EvaluateResult.Half second = half(losses, divergences, tokens / 2, tokens);
        if (divergences.length == 0) {
            return new EvaluateResult.Score(
                    location, perplexity, perplexity * standardError(losses), 0, 0, 0, 0, 0, 1, first, second);
        }
        double mean = mean(divergences);
        double error = standardError(divergences);
        Arrays.sort(divergences);
        return new EvaluateResult.Score(
                location,
                perplexity,
                perplexity * standardError(losses),
                mean,
                error,
                percentile(divergences, 0.99),
                percentile(divergences, 0.999),
                divergences[divergences.length - 1],
                sameShare(tops(scores), tops(original)),
                first,
                second);
    }

    private static List<TokenScores> inOrder(List<TokenScores> scores) {
        return scores.stream().sorted(Comparator.comparingInt(TokenScores::group)).toList();
    }

    /** The most probable tokens, in the order of the text. */
    static int[] tops(List<TokenScores> scores) {
        return inOrder(scores).stream().flatMapToInt(group -> Arrays.stream(group.tops())).toArray();
    }

    private static double sameShare(int[] tops, int[] others) {
        return (double) IntStream.range(0, tops.length).filter(i -> tops[i] == others[i]).count() / tops.length;
    }

    private static EvaluateResult.Half half(double[] losses, double[] divergences, int from, int to) {
        return new EvaluateResult.Half(
                Math.exp(mean(Arrays.copyOfRange(losses, from, to))),
                divergences.length == 0 ? 0 : mean(Arrays.copyOfRange(divergences, from, to)));
    }

    /** Between two values in proportion, as llama-perplexity has it. */
    static double percentile(double[] sorted, double fraction) {
        double place = fraction * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /** Of a mean, as llama-perplexity has it (perplexity.cpp, mean_and_uncertainty). */
    static double standardError(double[] values) {
        if (values.length < 2) {
            return 0;
        }
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        double variance = squares / values.length - mean * mean;
        return Math.sqrt(Math.max(0, variance) / (values.length - 1));
    }
}
