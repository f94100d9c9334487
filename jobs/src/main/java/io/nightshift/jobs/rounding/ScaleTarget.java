package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.ScaleType;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * What linear layers and norms will be stored as: what scales are searched for.
 *
 * @param encodings of the linear layers, by module
 * @param norms how norms are stored
 */
public record ScaleTarget(Map<String, RowEncoding> encodings, NormStorage norms) implements Serializable {
    /** The part that one group needs. */
    ScaleTarget of(ScaleGroup group) {
        Map<String, RowEncoding> needed = new HashMap<>();
        group.linears().forEach(linear -> needed.put(linear.module(), encoding(linear)));
        return new ScaleTarget(needed, norms);
    }

    RowEncoding encoding(LinearLayer linear) {
        return encodings.get(linear.module());
    }

    /**
     * What a norm's weights become when they are stored, so that scales can be chosen which it can hold exactly.
     *
     * @param source their type in the checkpoint
     * @param weights replaced in place
     */
    void roundNorm(SafetensorsType source, float[] weights) {
        ScaleType type = norms.stored(source);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = type.stored(weights[i]);
        }
    }
}
