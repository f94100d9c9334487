package io.nightshift.kernels.encoding;

import io.nightshift.kernels.rounding.Grid;
import io.nightshift.kernels.rounding.IntegerLevels;
import java.io.Serializable;
import java.util.Objects;

/**
 * Groups of integers with a scale each: {@code w = scale * (level - zeroPoint)}, as AWQ and compressed-tensors have them.
 *
 * <p>Asymmetric: the scale spans the least to the largest weight, zero included (AutoAWQ's {@code pseudo_quantize_tensor},
 * which leaves zero out and then clips groups all of whose weights have one sign; compressed-tensors'
 * {@code calculate_qparams} includes it). Symmetric: half the levels span the largest magnitude, no zero point
 * ({@code calculate_qparams}).
 *
 * @param bits bits a level, 2 to 7; 8 in symmetric groups
 * @param groupSize consecutive weights of a row that share a scale; a row must be whole groups
 * @param symmetric whether there are no zero points
 * @param scaleType how scales are stored
 */
public record IntegerGroups(int bits, int groupSize, boolean symmetric, ScaleType scaleType) implements Serializable {
    /** A group never spans less, as in AutoAWQ: its scale would be lost in half precision. */
    private static final float LEAST_SPAN = 1e-5f;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if they are out of range
     */
    public IntegerGroups {
        if (bits < 2 || bits > (symmetric ? 8 : 7) || groupSize < 1) {
            throw new IllegalArgumentException("groups of " + groupSize + " integers of " + bits
                    + " bits: give 2 to 7 bits, or 8 without zero points, and a group of one weight at least");
        }
    }

    /** The levels. */
    public IntegerLevels levels() {
        int half = 1 << bits - 1;
        return symmetric ? new IntegerLevels(-half, half - 1) : new IntegerLevels(0, 2 * half - 1);
    }

    /**
     * The grid that rows get.
     *
     * @param weights row-major, {@code rows * columns} from {@code at}; finite
     * @param columns weights a row, whole groups
     * @param limits the magnitude that a group's weights are clipped to, row-major, one a group; or null
     * @throws IllegalArgumentException if rows are not whole groups
     * @throws UnstorableRowException if a scale is too large for its type
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public IntegerGrid grid(float[] weights, int at, int rows, int columns, float[] limits) {
        if (columns % groupSize != 0) {
            throw new IllegalArgumentException(
                    "rows of " + columns + " weights are not whole groups of " + groupSize);
        }
        Objects.checkFromIndexSize(at, Math.multiplyExact(rows, columns), weights.length);
        int groups = rows * (columns / groupSize);
        float[] scales = new float[groups];
        float[] offsets = new float[groups];
        byte[] zeroPoints = symmetric ? null : new byte[groups];
        for (int group = 0; group < groups; group++) {
            float limit = limits == null ? Float.MAX_VALUE : limits[group];
            float least = 0;
            float largest = 0;
            int first = at + group * groupSize;
            for (int i = first; i < first + groupSize; i++) {
                least = Math.min(least, weights[i]);
                largest = Math.max(largest, weights[i]);
            }
            least = Math.max(least, -limit);
            largest = Math.min(largest, limit);
            scales[group] = checked(scale(least, largest), group * groupSize / columns);
            if (!symmetric) {
                int zeroPoint = zeroPoint(least, scales[group]);
                zeroPoints[group] = (byte) zeroPoint;
                offsets[group] = -scales[group] * zeroPoint;
            }
        }
        return new IntegerGrid(new Grid(levels(), rows, columns, groupSize, scales, offsets), zeroPoints);
    }

    private float scale(float least, float largest) {
        int steps = (1 << bits) - 1;
        float span = symmetric ? 2 * Math.max(-least, largest) : largest - least;
        return scaleType.stored(Math.max(span, LEAST_SPAN) / steps);
    }

    private int zeroPoint(float least, float scale) {
        int largest = (1 << bits) - 1;
        return (int) Math.max(0, Math.min(largest, Math.rint(-least / scale)));
    }

    private float checked(float scale, int row) {
        if (scale > 0 && scale < Float.POSITIVE_INFINITY) {
            return scale;
        }
        throw new UnstorableRowException(row, "a group's scale, " + scale + " as " + scaleType
                + ", is not a positive finite number: the weights are too large for this format");
    }
}
