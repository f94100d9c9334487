package io.nightshift.jobs.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.LinearPacker;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.jobs.rounding.RoundingFormat;
import io.nightshift.kernels.rounding.IntegerGroups;
import io.nightshift.kernels.rounding.NearestRounding;
import io.nightshift.kernels.rounding.ScaleType;

/**
 * Integers of four bits in groups, as an AWQ folder has them.
 *
 * @param options of the folder
 */
record AwqRounding(AwqOptions options) implements RoundingFormat {
    @Override
    public NearestRounding nearest(LinearLayer linear) {
        SafetensorsType scales =
                options.format() == AwqFormat.GEMM ? SafetensorsType.F16 : linear.source().tensor().type();
        return NearestRounding.of(groups(groupSize(linear), options.symmetric(), scales));
    }

    @Override
    public int groupSize(LinearLayer linear) {
        return options.groupSizeOf(linear.inputs());
    }

    /** Norms keep the type that they have. */
    @Override
    public void roundNorm(SafetensorsType source, float[] weights) {
        LinearPacker.roundScales(source, weights);
    }

    /** The groups of a layer. */
    static IntegerGroups groups(AwqItem.Packed unit) {
        return groups(unit.groupSize(), unit.symmetric(), unit.scaleType());
    }

    private static IntegerGroups groups(int groupSize, boolean symmetric, SafetensorsType scales) {
        ScaleType type = switch (scales) {
            case F16 -> ScaleType.F16;
            case BF16 -> ScaleType.BF16;
            case F32 -> ScaleType.F32;
            default -> throw new InvalidModelException("scales cannot be of type " + scales);
        };
        return new IntegerGroups(4, groupSize, symmetric, type);
    }
}
