package io.nightshift.formats.awq;

import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.encoding.ScaleType;

/** Plain rounding to a grid of 16 numbers a group: something to pack. */
final class NearestRounding {
    private NearestRounding() {}

    static QuantizedRows quantize(
            float[] weights, int rows, int columns, int groupSize, boolean symmetric, SafetensorsType scaleType) {
        int groups = rows * (columns / groupSize);
        float[] scales = new float[groups];
        for (int group = 0; group < groups; group++) {
            float low = 0;
            float high = 0;
            for (int i = group * groupSize; i < (group + 1) * groupSize; i++) {
                low = Math.min(low, weights[i]);
                high = Math.max(high, weights[i]);
            }
            float scale = Math.max(1e-5f, symmetric ? Math.max(-low, high) / 7 : (high - low) / 15);
            scales[group] = ScaleType.valueOf(scaleType.name()).stored(scale);
        }
        byte[] values = new byte[weights.length];
        byte[] zeros = new byte[groups];
        for (int group = 0; group < groups; group++) {
            float low = 0;
            for (int i = group * groupSize; i < (group + 1) * groupSize; i++) {
                low = Math.min(low, weights[i]);
            }
            zeros[group] = symmetric ? 8 : clamp(-low / scales[group]);
            for (int i = group * groupSize; i < (group + 1) * groupSize; i++) {
                values[i] = clamp(weights[i] / scales[group] + zeros[group]);
            }
        }
        return new QuantizedRows(rows, columns, groupSize, values, zeros, scales);
    }

    private static byte clamp(float value) {
        return (byte) Math.max(0, Math.min(15, Math.round(value)));
    }
}
