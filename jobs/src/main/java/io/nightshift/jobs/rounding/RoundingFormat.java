package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.rounding.NearestRounding;
import java.io.Serializable;

/** What linear layers will be stored as: what scales are searched for. */
public interface RoundingFormat extends Serializable {
    /** What the format makes of a layer's rows without error feedback. A new instance, for one thread. */
    NearestRounding nearest(LinearLayer linear);

    /** Weights that share a scale, as far as the search compares weights with their neighbours; a row is whole groups. */
    int groupSize(LinearLayer linear);

    /**
     * What a norm's weights become when they are stored, so that scales can be chosen which it can hold exactly.
     *
     * @param source their type in the checkpoint
     * @param weights replaced in place
     */
    void roundNorm(SafetensorsType source, float[] weights);
}
