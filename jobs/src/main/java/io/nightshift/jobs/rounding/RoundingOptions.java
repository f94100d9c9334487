package io.nightshift.jobs.rounding;

import java.io.Serializable;

/**
 * How linear layers are made easier to round, and rounded.
 *
 * @param scaled whether channels are scaled (and, where a format has a use for it, groups clipped)
 * @param ratios how many ratios of scales are tried, each with and without the weights' magnitudes; AutoAWQ takes 20
 * @param feedback whether rounding is with error feedback rather than to nearest
 * @param damping share of the mean of H's diagonal that is added to it first; raised where that is not enough
 * @param propagates whether each half of a decoder layer is rounded for what the rounded halves before it produce, as
 *     ExLlamaV2 does, rather than for what the model does; only with error feedback
 */
public record RoundingOptions(boolean scaled, int ratios, boolean feedback, double damping, boolean propagates)
        implements Serializable {
    /** The option for {@code propagates}. */
    public static final String PROPAGATE_OPTION = "--propagate";

    /** Ratios where the user gives no number. */
    public static final int DEFAULT_RATIOS = 20;

    /**
     * Damping of AWQ and EXL2 folders where the user gives none: of those tried on two models the best for AWQ with clipped
     * groups, and of 0.0001 to 0.12, judged on documents kept apart, the best or close to it for EXL2 at all bitrates.
     * ExLlamaV2 has 0.12 of the mean: where a few channels are outliers, that is more than the others have in all.
     */
    public static final double DEFAULT_DAMPING = 0.001;

    /**
     * Damping of GGUF files where the user gives none, GPTQ's own. Of 0.0001 to 0.1, tried on two models and judged on
     * documents kept apart from calibration and evaluation: far better than 0.001 with Q2_K, and the same with Q4_K_M;
     * 0.03 gains a little more with the one and loses as much with the other.
     */
    public static final double DEFAULT_GGUF_DAMPING = 0.01;

    /** The damping is raised to so many times the mean of H's diagonal at most. */
    static final double LARGEST_DAMPING = 10;

    /** Nothing is done to the weights: they are rounded to nearest as they are. */
    public static final RoundingOptions NONE = new RoundingOptions(false, DEFAULT_RATIOS, false, 0);

    /** Checks the numbers. */
    public RoundingOptions {
        if (ratios < 1) {
            throw new IllegalArgumentException(ratios + " ratios of scales: at least one is needed");
        }
        if (!(damping >= 0 && damping <= 1)) {
            throw new IllegalArgumentException("a damping of " + damping + ": give 0 to 1");
        }
        if (propagates && !feedback) {
            throw new IllegalArgumentException("rounding to nearest looks at no input that errors could be propagated to");
        }
    }

    /** Each layer is rounded for what the model's own layers before it produce. */
    public RoundingOptions(boolean scaled, int ratios, boolean feedback, double damping) {
        this(scaled, ratios, feedback, damping, false);
    }

    /** The same with another damping, for where error feedback is asked for. */
    public RoundingOptions withDamping(double share) {
        return new RoundingOptions(scaled, ratios, feedback, share, propagates);
    }

    /** The same, but rounded for what the rounded layers before produce. */
    public RoundingOptions propagating() {
        return new RoundingOptions(scaled, ratios, feedback, damping, true);
    }

    /** Whether statistics of the linear layers' inputs are needed. */
    public boolean needsStatistics() {
        return scaled || feedback;
    }
}
