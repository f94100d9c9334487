package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.rounding.RoundingOptions;
import picocli.CommandLine.Option;

/** How weights are made easier to round, and rounded. */
final class RoundingSelection {
    @Option(
            names = "--scales",
            paramLabel = "HOW",
            description = "awq: search scales of channels and limits of groups by the statistics, fold the scales into what"
                    + " precedes (default); none.")
    private String scales;

    @Option(
            names = "--awq-grid",
            paramLabel = "N",
            description = "Ratios of scales that are tried, with and without the weights' magnitudes (default: 20).")
    private Integer ratios;

    @Option(
            names = "--rounding",
            paramLabel = "HOW",
            description = "gptq: with error feedback (default); nearest: as AutoAWQ does.")
    private String rounding;

    @Option(
            names = "--damping",
            paramLabel = "SHARE",
            description = "Of the mean of the statistics' diagonal, added to it before error feedback; raised where that is"
                    + " not enough (default: " + RoundingOptions.DEFAULT_DAMPING + ").")
    private Double damping;

    /**
     * The options, where scales and error feedback are the default.
     *
     * @throws InvalidModelException if one is unknown, out of range or without effect
     */
    RoundingOptions options() {
        boolean scaled = isOn("--scales", scales, "awq", "none");
        boolean feedback = isOn("--rounding", rounding, "gptq", "nearest");
        if (ratios != null && !scaled) {
            throw new InvalidModelException("--awq-grid has no effect with --scales none");
        }
        if (damping != null && !feedback) {
            throw new InvalidModelException("--damping has no effect with --rounding nearest");
        }
        try {
            return new RoundingOptions(
                    scaled,
                    ratios == null ? RoundingOptions.DEFAULT_RATIOS : ratios,
                    feedback,
                    damping == null ? RoundingOptions.DEFAULT_DAMPING : damping);
        } catch (IllegalArgumentException e) {
            String option = ratios == null ? "--damping" : "--awq-grid or --damping";
            throw new InvalidModelException(option + ": " + e.getMessage(), e);
        }
    }

    private static boolean isOn(String option, String given, String on, String off) {
        if (given != null && !given.equals(on) && !given.equals(off)) {
            throw new InvalidModelException(option + " " + given + ": give " + on + " or " + off);
        }
        return given == null || given.equals(on);
    }

    /** The first option that was given, for targets that have no use for them. */
    String given() {
        return scales != null ? "--scales"
                : ratios != null ? "--awq-grid"
                : rounding != null ? "--rounding"
                : damping != null ? "--damping"
                : null;
    }
}
