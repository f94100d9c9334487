package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Optional;

/**
 * What the user wants.
 *
 * @param model where the checkpoint is
 * @param output folder that the output's own folder goes to
 * @param statistics folder of a calibration; empty where none is needed
 * @param work folder for factors of the run; empty for one within the output
 * @param options of the format
 * @param rounding how weights become integers
 * @param maxShardSize most bytes of a safetensors file, about
 * @param partSize most bytes of a part, about
 * @param overwrite whether a folder that is complete already is made again
 */
public record AwqRequest(
        String model,
        String output,
        Optional<String> statistics,
        Optional<String> work,
        AwqOptions options,
        RoundingOptions rounding,
        long maxShardSize,
        long partSize,
        boolean overwrite) {
    /** Shard size where the user gives none: 5 GB, as transformers has it. */
    public static final long DEFAULT_SHARD_SIZE = 5_000_000_000L;

    /** The same with other statistics. */
    AwqRequest withStatistics(Optional<String> others) {
        return new AwqRequest(model, output, others, work, options, rounding, maxShardSize, partSize, overwrite);
    }
}
