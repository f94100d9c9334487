package io.nightshift.kernels.pack;

/** Integers whose groups of neighbours in a row share a scale and a zero point. */
public final class GroupedIntegers {
    private GroupedIntegers() {}

    /**
     * The weights {@code (value - zero) * scale} of one row. The product is exact where the scale is a half or a
     * bfloat16.
     *
     * @param values integers of the row, from {@code offset}
     * @param zeros one a group, from {@code groupOffset}
     * @param scales one a group, from {@code groupOffset}
     * @param groupSize columns a group; the last group may be shorter
     * @param weights receives {@code columns} floats, from {@code weightOffset}
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void dequantize(byte[] values, int offset, byte[] zeros, float[] scales, int groupOffset,
            int groupSize, float[] weights, int weightOffset, int columns) {
        for (int from = 0, group = groupOffset; from < columns; from += groupSize, group++) {
            int to = Math.min(columns, from + groupSize);
            float scale = scales[group];
            int zero = zeros[group];
            for (int i = from; i < to; i++) {
                weights[weightOffset + i] = (values[offset + i] - zero) * scale;
            }
        }
    }
}
