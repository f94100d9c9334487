package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** Softcapping, which keeps numbers within a bound: cap * tanh(x / cap) (Gemma 2, 2024). */
public final class Softcap {
    private Softcap() {}

    /** Softcaps numbers in place, {@code count} of them from {@code at} on. */
    public static void apply(float[] values, int at, int count, float cap) {
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            // tanh(y) = 1 - 2 / (exp(2y) + 1)
            FloatVector power = Exponential.exp(FloatVector.fromArray(Lanes.FLOAT, values, at + i).mul(2 / cap));
            FloatVector.broadcast(Lanes.FLOAT, cap)
                    .sub(FloatVector.broadcast(Lanes.FLOAT, 2 * cap).div(power.add(1f)))
                    .intoArray(values, at + i);
        }
        for (; i < count; i++) {
            values[at + i] = cap - 2 * cap / (Exponential.exp(values[at + i] * (2 / cap)) + 1f);
        }
    }
}
