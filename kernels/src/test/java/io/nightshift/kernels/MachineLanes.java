package io.nightshift.kernels;

import jdk.incubator.vector.VectorShape;

/** What the machine has of the lanes that tests run on. */
public final class MachineLanes {
    private MachineLanes() {}

    /** Whether it lacks them: then Java makes them in software, which takes four times as long and more. */
    public static boolean missing() {
        return Lanes.FLOAT.vectorBitSize() > VectorShape.preferredShape().vectorBitSize();
    }
}
