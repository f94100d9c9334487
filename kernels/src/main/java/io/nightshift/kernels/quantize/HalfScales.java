package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** Scales as blocks store them. */
final class HalfScales {
    private HalfScales() {}

    /**
     * Rounds scales to half precision.
     *
     * @param scales {@code count} scales; the array has room for whole vectors
     * @param halves receives the bits, likewise; only the low 16 of each count
     */
    static void round(float[] scales, int count, int[] halves) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            F16.round(FloatVector.fromArray(Lanes.FLOAT, scales, i).reinterpretAsInts()).intoArray(halves, i);
        }
    }
}
