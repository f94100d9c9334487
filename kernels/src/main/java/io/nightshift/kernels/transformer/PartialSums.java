package io.nightshift.kernels.transformer;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums along a vector, always of sixteen partial sums (four vectors of 128 bits, whatever the machine has), added in a
 * fixed order: element i goes to partial sum i mod 16, and what is left over at the end is added last, one by one.
 */
final class PartialSums {
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

    private PartialSums() {}

    /** The sum of {@code count} elements. */
    static float sum(float[] values, int at, int count) {
        FloatVector sum0 = FloatVector.zero(FOUR);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        int i = 0;
        for (; i <= count - 16; i += 16) {
            sum0 = sum0.add(FloatVector.fromArray(FOUR, values, at + i));
            sum1 = sum1.add(FloatVector.fromArray(FOUR, values, at + i + 4));
            sum2 = sum2.add(FloatVector.fromArray(FOUR, values, at + i + 8));
            sum3 = sum3.add(FloatVector.fromArray(FOUR, values, at + i + 12));
        }
        float sum = ofLanes(sum0.add(sum1).add(sum2.add(sum3)));
        for (; i < count; i++) {
            sum += values[at + i];
        }
        return sum;
    }

    /** The sum of the squares of {@code count} elements. */
    static float squares(float[] values, int at, int count) {
        FloatVector sum0 = FloatVector.zero(FOUR);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        int i = 0;
        for (; i <= count - 16; i += 16) {
            FloatVector part = FloatVector.fromArray(FOUR, values, at + i);
            sum0 = part.fma(part, sum0);
            part = FloatVector.fromArray(FOUR, values, at + i + 4);
            sum1 = part.fma(part, sum1);
            part = FloatVector.fromArray(FOUR, values, at + i + 8);
            sum2 = part.fma(part, sum2);
            part = FloatVector.fromArray(FOUR, values, at + i + 12);
            sum3 = part.fma(part, sum3);
        }
        float sum = ofLanes(sum0.add(sum1).add(sum2.add(sum3)));
        for (; i < count; i++) {
            sum = Math.fma(values[at + i], values[at + i], sum);
        }
        return sum;
    }

    private static float ofLanes(FloatVector four) {
        return four.lane(0) + four.lane(1) + (four.lane(2) + four.lane(3));
    }
}
