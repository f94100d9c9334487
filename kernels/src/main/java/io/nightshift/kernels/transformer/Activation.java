package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/** The functions of gated feed-forward blocks (Shazeer, GLU Variants Improve Transformer, 2020). */
public enum Activation {
    /** x * sigmoid(x). */
    SILU,
    /** The Gaussian error linear unit in its form with tanh: x * sigmoid(2 * sqrt(2 / pi) * (x + 0.044715 x³)). */
    GELU_TANH,
    /**
     * The Gaussian error linear unit itself: x / 2 * (1 + erf(x / sqrt(2))), with the error function of Abramowitz and
     * Stegun, 7.1.26, whose error is 1.5e-7 at most.
     */
    GELU,
    /** The square of what is positive (So et al., Primer, 2021). */
    SQUARED_RELU,
    /**
     * gpt-oss's: x * sigmoid(1.702 x) of gates of at most 7, times one more than the other half, which is bounded by -7 and 7
     * (transformers, GptOssExperts).
     */
    CLAMPED_SWIGLU;

    private static final float TWICE_ROOT = 1.5957691216f; // 2 sqrt(2 / pi)
    private static final float CUBIC = 0.044715f;
    private static final float HALF_ROOT = 0.70710678118f; // sqrt(1 / 2)
    private static final float CLAMP = 7;
    private static final float CLAMPED_SLOPE = 1.702f;
    private static final float ERF_P = 0.3275911f;
    private static final float ERF_1 = 0.254829592f;
    private static final float ERF_2 = -0.284496736f;
    private static final float ERF_3 = 1.421413741f;
    private static final float ERF_4 = -1.453152027f;
    private static final float ERF_5 = 1.061405429f;

    /**
     * Multiplies what this function makes of the gate with the other half: result[i] = f(gate[i]) * up[i], but for
     * {@link #CLAMPED_SWIGLU}.
     *
     * @param gate from {@code gateAt} on, {@code up} from {@code upAt} on, {@code result} from {@code to} on; the
     *     result may be one of them at the same place
     */
    public void gate(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        Objects.checkFromIndexSize(gateAt, count, gate.length);
        Objects.checkFromIndexSize(upAt, count, up.length);
        Objects.checkFromIndexSize(to, count, result.length);
        int whole = count - count % Lanes.COUNT;
        switch (this) {
            case SILU -> silu(gate, gateAt, up, upAt, whole, result, to);
            case GELU_TANH -> geluTanh(gate, gateAt, up, upAt, whole, result, to);
            case GELU -> gelu(gate, gateAt, up, upAt, whole, result, to);
            case SQUARED_RELU -> squaredRelu(gate, gateAt, up, upAt, whole, result, to);
            case CLAMPED_SWIGLU -> clampedSwiglu(gate, gateAt, up, upAt, whole, result, to);
        }
        if (whole < count) {
            // The rest as one vector, so that it takes the same way.
            float[] gateRest = new float[Lanes.COUNT];
            float[] upRest = new float[Lanes.COUNT];
            System.arraycopy(gate, gateAt + whole, gateRest, 0, count - whole);
            System.arraycopy(up, upAt + whole, upRest, 0, count - whole);
            gate(gateRest, 0, upRest, 0, Lanes.COUNT, gateRest, 0);
            System.arraycopy(gateRest, 0, result, to + whole, count - whole);
        }
    }

    private static void silu(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, gate, gateAt + i);
            FloatVector y = FloatVector.fromArray(Lanes.FLOAT, up, upAt + i);
            x.div(Exponential.exp(x.neg()).add(1f)).mul(y).intoArray(result, to + i);
        }
    }

    private static void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, gate, gateAt + i).min(CLAMP);
            FloatVector y = FloatVector.fromArray(Lanes.FLOAT, up, upAt + i).min(CLAMP).max(-CLAMP);
            x.div(Exponential.exp(x.mul(-CLAMPED_SLOPE)).add(1f)).mul(y.add(1f)).intoArray(result, to + i);
        }
    }

    private static void squaredRelu(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, gate, gateAt + i).max(0f);
            FloatVector y = FloatVector.fromArray(Lanes.FLOAT, up, upAt + i);
            x.mul(x).mul(y).intoArray(result, to + i);
        }
    }

    private static void geluTanh(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, gate, gateAt + i);
            FloatVector y = FloatVector.fromArray(Lanes.FLOAT, up, upAt + i);
            FloatVector inner = x.mul(x).mul(x).mul(CUBIC).add(x).mul(-TWICE_ROOT);
            x.div(Exponential.exp(inner).add(1f)).mul(y).intoArray(result, to + i);
        }
    }

    private static void gelu(float[] gate, int gateAt, float[] up, int upAt, int count, float[] result, int to) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector x = FloatVector.fromArray(Lanes.FLOAT, gate, gateAt + i);
            FloatVector y = FloatVector.fromArray(Lanes.FLOAT, up, upAt + i);
            FloatVector z = x.mul(HALF_ROOT).abs();
            FloatVector t = FloatVector.broadcast(Lanes.FLOAT, 1f).div(z.mul(ERF_P).add(1f));
            FloatVector series = t.mul(ERF_5).add(ERF_4).mul(t).add(ERF_3).mul(t).add(ERF_2).mul(t).add(ERF_1).mul(t);
            FloatVector tail = series.mul(Exponential.exp(z.mul(z).neg()));
            // x / 2 * (1 + erf) is x - x / 2 * tail for positive x, and x / 2 * tail for negative ones.
            FloatVector half = x.abs().mul(0.5f).mul(tail);
            x.max(0f).sub(half).mul(y).intoArray(result, to + i);
        }
    }
}
