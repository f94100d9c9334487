package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** AWQ folders and their options. */
public final class AwqTargetFormat implements TargetFormat {
    private static final int DEFAULT_GROUP_SIZE = 128;
    private static final Pattern VARIANT = Pattern.compile("w4g(-1|\\d{1,6})");

    @Option(
            names = "--awq-format",
            paramLabel = "FORMAT",
            description = "AWQ: gemm, AutoAWQ's layout (default); or compressed-tensors, pack-quantized.")
    private String format;

    @Option(
            names = "--group-size",
            paramLabel = "N",
            description = "AWQ: weights that share a scale: 32, 64, 128 (default) or -1 for whole rows.")
    private Integer groupSize;

    @Option(names = "--symmetric", description = "AWQ: integers around a fixed zero point, rather than one a group.")
    private boolean symmetric;

    @Option(
            names = AwqOptions.LEAVE_OUT_OPTION,
            split = ",",
            paramLabel = "NAME",
            description = "AWQ: linear layers that stay as they are: whole names, or parts between dots (down_proj, layers.0).")
    private List<String> leftOut = new ArrayList<>();

    @Override
    public String name() {
        return "awq";
    }

    @Override
    public String usage() {
        return "awq";
    }

    @Override
    public Target target(Optional<String> variant, SharedOptions shared) {
        try {
            AwqOptions options = new AwqOptions(
                    format == null ? AwqFormat.GEMM : AwqFormat.of(format), groupSize(variant), symmetric, leftOut);
            RoundingOptions rounding = shared.rounding(
                    new RoundingOptions(true, RoundingOptions.DEFAULT_RATIOS, true, RoundingOptions.DEFAULT_DAMPING));
            return new AwqTarget(options, rounding, shared.maxShardSize().orElse(AwqTarget.DEFAULT_SHARD_SIZE));
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException("--to awq: " + e.getMessage(), e);
        }
    }

    private int groupSize(Optional<String> variant) {
        if (variant.isEmpty()) {
            return groupSize == null ? DEFAULT_GROUP_SIZE : groupSize;
        }
        Matcher matcher = VARIANT.matcher(variant.get());
        if (!matcher.matches()) {
            throw new InvalidModelException("--to awq:" + variant.get() + ": AWQ has 4 bits and groups of 32, 64, 128 or -1"
                    + " (whole rows); write awq:w4g128");
        }
        int size = Integer.parseInt(matcher.group(1));
        if (groupSize != null && groupSize != size) {
            throw new InvalidModelException(
                    "--group-size " + groupSize + ", but --to awq:w4g" + size + ": give one of them");
        }
        return size;
    }

    @Override
    public Optional<String> given() {
        return Optional.ofNullable(format != null ? "--awq-format"
                : groupSize != null ? "--group-size"
                : symmetric ? "--symmetric"
                : !leftOut.isEmpty() ? AwqOptions.LEAVE_OUT_OPTION
                : null);
    }
}
