package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How weights are made easier to round, and rounded. */
final class RoundingSelection {
    @Option(
            names = "--scales",
            paramLabel = "HOW",
            description = "awq: search scales of channels (for AWQ limits of groups too) by the statistics, fold the scales"
                    + " into what precedes; none. Default: awq for AWQ, none for GGUF.")
    private String scales;

    @Option(
            names = "--awq-grid",
            paramLabel = "N",
            description = "Ratios of scales that are tried, with and without the weights' magnitudes (default: 20).")
    private Integer ratios;

    @Option(
            names = "--rounding",
            paramLabel = "HOW",
            description = "gptq: with error feedback; nearest: as AutoAWQ and llama-quantize do. Default: gptq for AWQ,"
                    + " nearest for GGUF.")
    private String rounding;

    @Option(
            names = "--damping",
            paramLabel = "SHARE",
            description = "Of the mean of the statistics' diagonal, added to it before error feedback; raised where that is"
                    + " not enough (default: " + RoundingOptions.DEFAULT_DAMPING + " for AWQ, "
                    + RoundingOptions.DEFAULT_GGUF_DAMPING + " for GGUF).")
    private Double damping;

    @Option(
            names = "--work",
            paramLabel = "FOLDER",
            description = "Where factors of error feedback go while the job runs (default: in the output).")
    private String work;

    @Option(
            names = "--report",
            paramLabel = "FOLDER",
            description = "Write one row for each linear layer of what this run makes with scales or error feedback, as"
                    + " Parquet.")
    private String report;

    /**
     * The options of an AWQ folder: scales and error feedback are the default.
     *
     * @throws InvalidModelException if one is unknown, out of range or without effect
     */
    RoundingOptions options() {
        boolean scaled = isOn("--scales", scales, "awq", "none", true);
        boolean feedback = isOn("--rounding", rounding, "gptq", "nearest", true);
        return options(scaled, feedback, RoundingOptions.DEFAULT_DAMPING);
    }

    /**
     * The options of GGUF files, which are made as llama-quantize does unless the user says otherwise.
     *
     * @param alone whether nothing but GGUF files is made
     * @return nothing if neither scales nor error feedback are asked for
     * @throws InvalidModelException if one is unknown, out of range or without effect
     */
    Optional<RoundingOptions> ggufOptions(boolean alone) {
        boolean scaled = isOn("--scales", scales, "awq", "none", false);
        boolean feedback = isOn("--rounding", rounding, "gptq", "nearest", false);
        if (scaled || feedback) {
            double otherwise = RoundingOptions.DEFAULT_GGUF_DAMPING;
            return Optional.of(alone ? options(scaled, feedback, otherwise) : checked(scaled, feedback, otherwise));
        }
        if (alone && given() != null) {
            throw new InvalidModelException(given() + " has no effect on GGUF without --scales awq or --rounding gptq");
        }
        return Optional.empty();
    }

    private RoundingOptions options(boolean scaled, boolean feedback, double otherwise) {
        if (ratios != null && !scaled) {
            throw new InvalidModelException("--awq-grid has no effect without --scales awq");
        }
        if (damping != null && !feedback) {
            throw new InvalidModelException("--damping has no effect without --rounding gptq");
        }
        return checked(scaled, feedback, otherwise);
    }

    /** @param otherwise the damping where none is given */
    private RoundingOptions checked(boolean scaled, boolean feedback, double otherwise) {
        try {
            return new RoundingOptions(
                    scaled,
                    ratios == null ? RoundingOptions.DEFAULT_RATIOS : ratios,
                    feedback,
                    damping == null ? otherwise : damping);
        } catch (IllegalArgumentException e) {
            String option = ratios == null ? "--damping" : "--awq-grid or --damping";
            throw new InvalidModelException(option + ": " + e.getMessage(), e);
        }
    }

    private static boolean isOn(String option, String given, String on, String off, boolean otherwise) {
        if (given != null && !given.equals(on) && !given.equals(off)) {
            throw new InvalidModelException(option + " " + given + ": give " + on + " or " + off);
        }
        return given == null ? otherwise : given.equals(on);
    }

    Optional<String> work() {
        return Optional.ofNullable(work);
    }

    Optional<String> report() {
        return Optional.ofNullable(report);
    }

    /** The first option of scales and rounding that was given, for targets that have no use for them. */
    String given() {
        return scales != null ? "--scales"
                : ratios != null ? "--awq-grid"
                : rounding != null ? "--rounding"
                : damping != null ? "--damping"
                : null;
    }
}
