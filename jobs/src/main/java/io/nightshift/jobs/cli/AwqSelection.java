package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.jobs.awq.AwqRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of an AWQ folder. */
final class AwqSelection {
    private static final int DEFAULT_GROUP_SIZE = 128;

    @Option(
            names = "--awq-format",
            paramLabel = "FORMAT",
            description = "gemm: AutoAWQ's layout (default); compressed-tensors: pack-quantized.")
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

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "AWQ: most bytes of a safetensors file, about (default: 5 GB).")
    private ByteSize maxShardSize;

    /**
     * The options of a target.
     *
     * @throws InvalidModelException if they are unknown, or contradict the target
     */
    AwqOptions options(Target.Awq target) {
        if (groupSize != null && target.groupSize() != null && !groupSize.equals(target.groupSize())) {
            throw new InvalidModelException("--group-size " + groupSize + ", but --to awq:w4g" + target.groupSize()
                    + ": give one of them");
        }
        int size = groupSize != null ? groupSize : target.groupSize() != null ? target.groupSize() : DEFAULT_GROUP_SIZE;
        try {
            return new AwqOptions(format == null ? AwqFormat.GEMM : AwqFormat.of(format), size, symmetric, leftOut);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException("--to awq: " + e.getMessage(), e);
        }
    }

    long maxShardSize() {
        return maxShardSize == null ? AwqRequest.DEFAULT_SHARD_SIZE : Math.max(1, maxShardSize.bytes());
    }

    /** The first option that was given, for targets that have no use for them. */
    String given() {
        return format != null ? "--awq-format"
                : groupSize != null ? "--group-size"
                : symmetric ? "--symmetric"
                : !leftOut.isEmpty() ? AwqOptions.LEAVE_OUT_OPTION
                : maxShardSize != null ? "--max-shard-size"
                : null;
    }
}
