package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How weights are made easier to round, and rounded: for all formats alike, but with defaults of each. */
final class RoundingSelection {
    @Option(
            names = "--scales",
            paramLabel = "HOW",
            description = "awq: search scales of channels (for AWQ limits of groups too) by the statistics, fold the scales"
                    + " into what precedes; none. Default: awq for AWQ and EXL2, none for GGUF.")
    private String scales;

    @Option(
            names = "--awq-grid",
            paramLabel = "N",
            description = "Ratios of scales that are tried, with and without the weights' magnitudes (default: 20).")
    private Integer ratios;

    @Option(
            names = "--rounding",
            paramLabel = "HOW",
            description = "gptq: with error feedback; nearest: as AutoAWQ and llama-quantize do. Default: gptq for AWQ and"
                    + " EXL2, nearest for GGUF.")
    private String rounding;

    @Option(
            names = "--damping",
            paramLabel = "SHARE",
            description = "Of the mean of the statistics' diagonal, added to it before error feedback; raised where that is"
                    + " not enough (default: " + RoundingOptions.DEFAULT_DAMPING + " for AWQ and EXL2, "
                    + RoundingOptions.DEFAULT_GGUF_DAMPING + " for GGUF).")
    private Double damping;

    @Option(
            names = RoundingOptions.PROPAGATE_OPTION,
            paramLabel = "WHAT",
            description = "With error feedback, AWQ and EXL2: what each attention and feed-forward block is rounded for."
                    + " original: what the model's own blocks before it produce (default); quantized: what the rounded ones"
                    + " do, one block after another, as ExLlamaV2 does.")
    private String propagate;

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

    private final List<RoundingOptions> asked = new ArrayList<>();

    /**
     * The options of a target.
     *
     * @param otherwise its format's defaults
     * @throws InvalidModelException if one is unknown or out of range
     */
    RoundingOptions options(RoundingOptions otherwise) {
        boolean scaled = isOn("--scales", scales, "awq", "none", otherwise.scaled());
        boolean feedback = isOn("--rounding", rounding, "gptq", "nearest", otherwise.feedback());
        boolean propagates = isOn(RoundingOptions.PROPAGATE_OPTION, propagate, "quantized", "original", false);
        try {
            RoundingOptions options = new RoundingOptions(
                    scaled,
                    ratios == null ? otherwise.ratios() : ratios,
                    feedback,
                    damping == null ? otherwise.damping() : damping,
                    propagates && feedback);
            asked.add(options);
            return options;
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

    /**
     * Refuses options that have no effect on any target that was asked for.
     *
     * @param always whether a target's format scales or rounds unless it is told not to
     */
    void refuseWithoutEffect(boolean always) {
        boolean scaled = asked.stream().anyMatch(RoundingOptions::scaled);
        boolean feedback = asked.stream().anyMatch(RoundingOptions::feedback);
        if (ratios != null && !scaled) {
            throw new InvalidModelException("--awq-grid has no effect without --scales awq");
        }
        if (damping != null && !feedback) {
            throw new InvalidModelException("--damping has no effect without --rounding gptq");
        }
        if (propagate != null && !feedback) {
            throw new InvalidModelException(
                    RoundingOptions.PROPAGATE_OPTION + " has no effect without --rounding gptq");
        }
        if (work != null && !feedback) {
            throw new InvalidModelException("--work has no effect without --rounding gptq");
        }
        if (report != null && !scaled && !feedback) {
            throw new InvalidModelException("--report has no effect without --scales awq or --rounding gptq");
        }
        if ((scales != null || rounding != null) && !scaled && !feedback && !always) {
            throw new InvalidModelException((scales != null ? "--scales" : "--rounding")
                    + " has no effect on these targets without --scales awq or --rounding gptq");
        }
    }

    Optional<String> work() {
        return Optional.ofNullable(work);
    }

    Optional<String> report() {
        return Optional.ofNullable(report);
    }
}
