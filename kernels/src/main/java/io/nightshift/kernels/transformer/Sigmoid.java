package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** The logistic function: 1 / (1 + exp(-x)). */
public final class Sigmoid {
    private Sigmoid() {}

    /** Its value, the same bits in any JVM: for a few numbers a token, not for whole blocks. */
    public static float of(float x) {
        return (float) (1 / (1 + StrictMath.exp(-x)));
    }

    /**
     * Multiplies numbers by the value at their gates, in place.
     *
     * @param values from {@code at} on, {@code gates} from {@code gatesAt} on
     */
    public static void gate(float[] values, int at, float[] gates, int gatesAt, int count) {
        int i = 0;
        for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector gate = FloatVector.fromArray(Lanes.FLOAT, gates, gatesAt + i);
            FloatVector.fromArray(Lanes.FLOAT, values, at + i)
                    .div(Exponential.exp(gate.neg()).add(1f))
                    .intoArray(values, at + i);
        }
        for (; i < count; i++) {
            values[at + i] /= Exponential.exp(-gates[gatesAt + i]) + 1f;
        }
    }
}
