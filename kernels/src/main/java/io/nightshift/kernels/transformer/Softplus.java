package io.nightshift.kernels.transformer;

/** What makes any number a positive one: decays of linear attention and time steps of Mamba follow from it. */
public final class Softplus {
    /** Above it PyTorch gives the number itself. */
    private static final float LINEAR = 20;

    private Softplus() {}

    /** log(1 + exp(x)), the same bits in any JVM. */
    public static float of(float x) {
        return x > LINEAR ? x : (float) StrictMath.log1p(StrictMath.exp(x));
    }
}
