package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.Lanes;

/**
 * The points of IQ1_S and IQ1_M: -1, 0 or 1, plus or minus an eighth. They are held as whole eighths, {@value #BIAS}
 * more than they are, so that eight bytes are shifted in one addition.
 */
final class ShiftedPoints {
    private static final int BIAS = 16;
    private static final long ONES = 0x0101010101010101L;
    private static final long[] EIGHTHS = eighths();

    private ShiftedPoints() {}

    /** Puts a point into the scratch array, shifted downwards or upwards. */
    static void put(byte[] scratch, int at, int point, boolean down) {
        GridPoints.put(scratch, at, EIGHTHS[point] + (down ? -ONES : ONES));
    }

    /** Writes as many weights as {@code count}, the numbers of the scratch array times a scale. */
    static void scaled(byte[] scratch, int at, int count, float scale, float[] weights, int w) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            // Eighths are exact: what is rounded is the product with the scale, as in ggml.
            ByteLanes.toFloat(ByteLanes.signed(scratch, at + i).sub(BIAS))
                    .mul(Codebooks.IQ1_DELTA)
                    .mul(scale)
                    .intoArray(weights, w + i);
        }
    }

    private static long[] eighths() {
        Codebooks.Grid grid = Codebooks.Grid.IQ1S;
        long[] points = new long[grid.size()];
        for (int point = 0; point < points.length; point++) {
            for (int weight = 0; weight < 8; weight++) {
                points[point] |= (long) (8 * grid.value(point, weight) + BIAS) << 8 * weight;
            }
        }
        return points;
    }
}
