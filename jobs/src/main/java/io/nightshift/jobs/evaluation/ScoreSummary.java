package io.nightshift.jobs.evaluation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Turns the scores of tokens into those of a model; sums run in the order of the text. */
final class ScoreSummary {
    private ScoreSummary() {}

    static EvaluateResult.Score of(String location, List<TokenScores> scores) {
        List<TokenScores> inOrder = scores.stream().sorted(Comparator.comparingInt(TokenScores::group)).toList();
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
                (double) inOrder.stream().mapToInt(TokenScores::sameTop).sum() / losses.length,
                first,
                second);
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
