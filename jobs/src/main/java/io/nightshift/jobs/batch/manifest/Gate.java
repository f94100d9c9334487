package io.nightshift.jobs.batch.manifest;

import java.util.OptionalDouble;

/**
 * What an output must not lose more than.
 *
 * @param maxDivergence largest mean KL divergence from the original, in nats
 * @param maxPerplexityIncrease largest increase of perplexity, as a share of the original's
 * @param withhold whether an output over the gate is taken away; else it is marked
 */
public record Gate(OptionalDouble maxDivergence, OptionalDouble maxPerplexityIncrease, boolean withhold) {
    /** No gate. */
    public static final Gate NONE = new Gate(OptionalDouble.empty(), OptionalDouble.empty(), false);

    /** Whether anything is demanded. */
    public boolean isPresent() {
        return maxDivergence.isPresent() || maxPerplexityIncrease.isPresent();
    }

    /**
     * Why an output does not pass, in words.
     *
     * @param divergence its mean KL divergence, in nats
     * @param perplexity its perplexity
     * @param original the original's
     * @return empty if it passes
     */
    public String failure(double divergence, double perplexity, double original) {
        if (maxDivergence.isPresent() && !(divergence <= maxDivergence.getAsDouble())) {
            return "mean KLD " + format(divergence) + " is over max-kld " + format(maxDivergence.getAsDouble());
        }
        double increase = perplexity / original - 1;
        if (maxPerplexityIncrease.isPresent() && !(increase <= maxPerplexityIncrease.getAsDouble())) {
            return "perplexity rose by " + format(increase) + ", over max-ppl-increase "
                    + format(maxPerplexityIncrease.getAsDouble());
        }
        return "";
    }

    private static String format(double number) {
        return String.format(java.util.Locale.ROOT, "%.4g", number);
    }
}
