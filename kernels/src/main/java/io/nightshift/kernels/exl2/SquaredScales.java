package io.nightshift.kernels.exl2;

import io.nightshift.kernels.HalfFloat;

/**
 * The scales that a group's outputs can have: with m the group's maximum, (code + 1)² * (m / 256), each step rounded to half
 * precision as ExLlamaV2 computes it.
 */
final class SquaredScales {
    /** Number of codes. */
    static final int CODES = 16;

    private SquaredScales() {}

    /**
     * The scale of each code.
     *
     * @param maximum {@code q_scale_max} of the group, a half
     */
    static float[] of(short maximum) {
        float step = half(HalfFloat.toFloat(maximum) / (CODES * CODES));
        float[] scales = new float[CODES];
        for (int code = 0; code < CODES; code++) {
            scales[code] = half((code + 1) * (code + 1) * step);
        }
        return scales;
    }

    static float half(float value) {
        return HalfFloat.toFloat(HalfFloat.fromFloat(value));
    }
}
