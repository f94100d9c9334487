package io.nightshift.kernels.transformer;

/** The logistic function: 1 / (1 + exp(-x)). */
public final class Sigmoid {
    private Sigmoid() {}

    /** Its value, the same bits in any JVM: for a few numbers a token, not for whole blocks. */
    public static float of(float x) {
        return (float) (1 / (1 + StrictMath.exp(-x)));
    }
}
