package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import java.io.Serializable;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * An activation function whose slopes a model has learned (Huang and Schlag, 2024): positive * x² + beta * x above 0, and
 * negative * (exp(x) - 1 - x) + beta * x below.
 *
 * @param epsilon what x is at most where its exponential is taken: just below 0
 */
public record Xielu(float positive, float negative, float beta, float epsilon) implements Serializable {
    /**
     * That of the numbers a checkpoint has.
     *
     * @param alphaPositive whose softplus is {@code positive}
     * @param alphaNegative whose softplus is by how much {@code negative} is above {@code beta}
     */
    public static Xielu of(float alphaPositive, float alphaNegative, float beta, float epsilon) {
        return new Xielu(softplus(alphaPositive), beta + softplus(alphaNegative), beta, epsilon);
    }

    /** StrictMath, so that the bits are the same in any JVM. */
    private static float softplus(float x) {
        return x > 20 ? x : (float) StrictMath.log1p(StrictMath.exp(x));
    }

    /** Puts the function's value in the place of each of {@code count} numbers. */
    public void apply(float[] values, int at, int count) {
        int i = at;
        for (; i <= at + count - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, values, i);
            VectorMask<Float> above = x.compare(VectorOperators.GT, 0f);
            FloatVector below = Exponential.exp(x.min(epsilon)).sub(1f).sub(x).mul(negative);
            below.blend(x.mul(positive).mul(x), above).add(x.mul(beta)).intoArray(values, i);
        }
        for (; i < at + count; i++) {
            float x = values[i];
            float curved = x > 0 ? x * positive * x : (Exponential.exp(Math.min(x, epsilon)) - 1f - x) * negative;
            values[i] = curved + x * beta;
        }
    }
}
