package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.exl2.Exl2Model;
import io.nightshift.jobs.exl2.BlockError;
import io.nightshift.jobs.exl2.Exl2Target;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** EXL2 folders and their options. */
public final class Exl2TargetFormat implements TargetFormat {
    @Option(
            names = "--head-bits",
            paramLabel = "N",
            description = "EXL2: bits of the output projection: 2 to 6 or 8 (default: " + Exl2Target.DEFAULT_HEAD_BITS + ").")
    private Integer headBits;

    @Option(
            names = "--measure",
            paramLabel = "HOW",
            description = "EXL2: how to measure what each choice of parameters loses. exact: from the forward pass of each"
                    + " attention and feed-forward block (default); gram: from the statistics alone, without running it.")
    private String measure;

    @Option(
            names = Exl2Target.MEASUREMENT_OPTION,
            paramLabel = "FILE",
            description = "EXL2: take what each choice of parameters loses from a measurement.json, ours or ExLlamaV2's,"
                    + " instead of measuring it.")
    private String measurement;

    @Override
    public String name() {
        return "exl2";
    }

    @Override
    public String usage() {
        return "exl2:BITS";
    }

    @Override
    public Target target(Optional<String> variant, SharedOptions shared) {
        int head = headBits == null ? Exl2Target.DEFAULT_HEAD_BITS : headBits;
        Exl2Model.headParameters(head);
        RoundingOptions rounding = shared.rounding(
                new RoundingOptions(true, RoundingOptions.DEFAULT_RATIOS, true, RoundingOptions.DEFAULT_DAMPING));
        return new Exl2Target(bits(variant.orElse("")), head, measure(), Optional.ofNullable(measurement),
                rounding, shared.maxShardSize().orElse(Exl2Target.DEFAULT_SHARD_SIZE));
    }

    private BlockError measure() {
        if (measure != null && measurement != null) {
            throw new InvalidModelException("--measure has no effect with " + Exl2Target.MEASUREMENT_OPTION);
        }
        return switch (measure == null ? "exact" : measure) {
            case "exact" -> BlockError.EXACT;
            case "gram" -> BlockError.GRAM;
            default -> throw new InvalidModelException("--measure " + measure + ": give exact or gram");
        };
    }

    private static double bits(String variant) {
        try {
            double bits = Double.parseDouble(variant);
            if (bits > 0 && bits <= Exl2Target.MOST_BITS) {
                return bits;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new InvalidModelException("--to exl2" + (variant.isEmpty() ? "" : ":" + variant)
                + ": say how many bits a weight, up to 8, such as exl2:4.65");
    }

    @Override
    public Optional<String> given() {
        return Optional.ofNullable(headBits != null ? "--head-bits"
                : measure != null ? "--measure"
                : measurement != null ? Exl2Target.MEASUREMENT_OPTION
                : null);
    }
}
