package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** Softmax. */
public final class Softmax {
    private Softmax() {}

    /**
     * Replaces numbers by their softmax.
     *
     * @param count at least 1, from {@code at} on
     */
    public static void apply(float[] values, int at, int count) {
        apply(values, at, count, Float.NEGATIVE_INFINITY);
    }

    /**
     * The same with one more number in the sum, which is not among the results: they add up to less than 1 (attention sinks,
     * Xiao et al., 2023, as gpt-oss learns them).
     *
     * @param sink the further number; negative infinity for none
     */
    public static void apply(float[] values, int at, int count, float sink) {
        float largest = Math.max(sink, largest(values, at, count));
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            Exponential.exp(FloatVector.fromArray(Lanes.FLOAT, values, at + i).sub(largest)).intoArray(values, at + i);
        }
        for (; i < count; i++) {
            values[at + i] = Exponential.exp(values[at + i] - largest);
        }
        float sum = PartialSums.sum(values, at, count);
        scale(values, at, count, 1 / (sink == Float.NEGATIVE_INFINITY ? sum : sum + Exponential.exp(sink - largest)));
    }

    /** Multiplies numbers in place. */
    static void scale(float[] values, int at, int count, float factor) {
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.FLOAT, values, at + i).mul(factor).intoArray(values, at + i);
        }
        for (; i < count; i++) {
            values[at + i] *= factor;
        }
    }

    private static float largest(float[] values, int at, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        int i = 0;
        if (count >= Lanes.COUNT) {
            FloatVector lanes = FloatVector.broadcast(Lanes.FLOAT, largest);
            for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
                lanes = lanes.max(FloatVector.fromArray(Lanes.FLOAT, values, at + i));
            }
            // The order is free here: the largest of numbers is the same in any.
            for (float lane : lanes.toArray()) {
                largest = Math.max(largest, lane);
            }
        }
        for (; i < count; i++) {
            largest = Math.max(largest, values[at + i]);
        }
        return largest;
    }
}
