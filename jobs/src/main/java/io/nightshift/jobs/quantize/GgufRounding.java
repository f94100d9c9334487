package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.jobs.rounding.RoundingFormat;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.rounding.NearestRounding;
import java.util.Map;

/**
 * The blocks that a target has, as llama-quantize makes them.
 *
 * @param types the type of each tensor, by its name
 */
record GgufRounding(Map<String, GgmlType> types) implements RoundingFormat {
    /** Weights that a column is compared with, whatever the type: the groups of most of them. */
    private static final int GROUP = 32;

    @Override
    public NearestRounding nearest(LinearLayer linear) {
        return NearestRounding.of(types.get(linear.tensor()));
    }

    @Override
    public int groupSize(LinearLayer linear) {
        return GROUP;
    }

    /** Norms are F32, which holds any quotient as well as the model can use it. */
    @Override
    public void roundNorm(SafetensorsType source, float[] weights) {}
}
