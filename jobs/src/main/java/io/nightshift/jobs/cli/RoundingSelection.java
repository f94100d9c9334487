package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Arrays;
import picocli.CommandLine.Option;

/** The options about scales and rounding of linear layers. What is not given is the format's to choose. */
final class RoundingSelection {
    @Option(
            names = "--scales",
            paramLabel = "HOW",
            description = "awq: scale the channels of linear layers so that rounding costs less, and fold the scales into what"
                    + " comes before; none. Needs --calibration or --stats (default: none for gguf).")
    private String scales;

    @Option(
            names = "--awq-grid",
            paramLabel = "N",
            description = "Ratios of scales that are tried, each with and without the weights' magnitudes (default: 20).")
    private Integer grid;

    @Option(
            names = "--rounding",
            paramLabel = "HOW",
            description = "gptq: round with error feedback, so that later columns make up for earlier ones' errors; nearest."
                    + " Needs --calibration or --stats (default: nearest for gguf).")
    private String rounding;

    @Option(
            names = "--damping",
            paramLabel = "SHARE",
            description = "Share of the mean of the Gram matrix's diagonal that is added to it for --rounding gptq, 0 to 1"
                    + " (default: 0.001); raised where that is not enough.")
    private Double damping;

    /**
     * What was asked for.
     *
     * @param scaled whether channels are scaled where the user does not say
     * @param feedback whether rounding is with error feedback where the user does not say
     * @throws InvalidModelException if a value is unknown, or an option would have no effect
     */
    RoundingOptions options(boolean scaled, boolean feedback) {
        boolean scale = choice("--scales", scales, "awq", "none", scaled);
        boolean feed = choice("--rounding", rounding, "gptq", "nearest", feedback);
        if (grid != null && !scale) {
            throw new InvalidModelException("--awq-grid has no effect without --scales awq");
        }
        if (damping != null && !feed) {
            throw new InvalidModelException("--damping has no effect without --rounding gptq");
        }
        if (grid != null && grid < 1) {
            throw new InvalidModelException("--awq-grid " + grid + ": at least 1 is needed");
        }
        if (damping != null && !(damping >= 0 && damping <= 1)) {
            throw new InvalidModelException("--damping " + damping + ": give a share from 0 to 1");
        }
        return new RoundingOptions(
                scale,
                grid == null ? RoundingOptions.DEFAULT_RATIOS : grid,
                feed,
                damping == null ? RoundingOptions.DEFAULT_DAMPING : damping);
    }

    private static boolean choice(String option, String given, String yes, String no, boolean otherwise) {
        if (given == null) {
            return otherwise;
        }
        if (!Arrays.asList(yes, no).contains(given)) {
            throw new InvalidModelException(option + " " + given + ": give " + yes + " or " + no);
        }
        return given.equals(yes);
    }
}
