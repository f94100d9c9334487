package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * Sums along a vector, always of sixteen partial sums, added in a fixed order: element i goes to partial sum i mod 16,
 * and what is left over at the end is added last, one by one.
 */
final class PartialSums {
    private static final int SUMS = 16;

    private PartialSums() {}

    /** The sum of {@code count} elements. */
    static float sum(float[] values, int at, int count) {
        float[] sums = new float[SUMS];
        int whole = count - count % SUMS;
        for (int i = 0; i < whole; i += SUMS) {
            for (int part = 0; part < SUMS; part += Lanes.COUNT) {
                FloatVector.fromArray(Lanes.FLOAT, sums, part)
                        .add(FloatVector.fromArray(Lanes.FLOAT, values, at + i + part))
                        .intoArray(sums, part);
            }
        }
        float sum = total(sums);
        for (int i = whole; i < count; i++) {
            sum += values[at + i];
        }
        return sum;
    }

    /** The sum of the squares of {@code count} elements. */
    static float squares(float[] values, int at, int count) {
        float[] sums = new float[SUMS];
        int whole = count - count % SUMS;
        for (int i = 0; i < whole; i += SUMS) {
            for (int part = 0; part < SUMS; part += Lanes.COUNT) {
                FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, at + i + part);
                value.fma(value, FloatVector.fromArray(Lanes.FLOAT, sums, part)).intoArray(sums, part);
            }
        }
        float sum = total(sums);
        for (int i = whole; i < count; i++) {
            sum = Math.fma(values[at + i], values[at + i], sum);
        }
        return sum;
    }

    /** Four sums of four each, and then the sum of these. */
    private static float total(float[] sums) {
        return ofFour(sums, 0) + ofFour(sums, 1) + (ofFour(sums, 2) + ofFour(sums, 3));
    }

    private static float ofFour(float[] sums, int first) {
        return sums[first] + sums[first + 4] + (sums[first + 8] + sums[first + 12]);
    }
}
