package io.nightshift.kernels.reference;

/** Products, norms and attention as plain loops, in the order of operations that the kernels promise. */
public final class ScalarDecoder {
    private static final int RUN = 256;

    private ScalarDecoder() {}

    /** The sum over runs of chains of fused multiply-adds, upon what is there: of x[xAt + k * xStep] * y[...]. */
    public static float dot(float start, float[] x, int xAt, int xStep, float[] y, int yAt, int yStep, int count) {
        float total = start;
        for (int run = 0; run < count; run += RUN) {
            float sum = 0;
            for (int k = run; k < Math.min(count, run + RUN); k++) {
                sum = Math.fma(x[xAt + k * xStep], y[yAt + k * yStep], sum);
            }
            total += sum;
        }
        return total;
    }

    public static float[] linear(float[] x, int tokens, int inputs, float[] weights, int outputs, float[] bias) {
        float[] result = new float[tokens * outputs];
        for (int t = 0; t < tokens; t++) {
            for (int o = 0; o < outputs; o++) {
                result[t * outputs + o] =
                        dot(bias == null ? 0 : bias[o], x, t * inputs, 1, weights, o * inputs, 1, inputs);
            }
        }
        return result;
    }

    public static float exp(float x) {
        if (x < -87) {
            return 0;
        }
        float within = Math.min(x, 88.3f);
        float whole = (float) Math.rint(Math.fma(within, 1.44269504f, 12582912f) - 12582912f);
        float rest = Math.fma(whole, 2.12194440e-4f, Math.fma(whole, -0.693359375f, within));
        float sum = Math.fma(rest, 1.9875691500e-4f, 1.3981999507e-3f);
        sum = Math.fma(sum, rest, 8.3334519073e-3f);
        sum = Math.fma(sum, rest, 4.1665795894e-2f);
        sum = Math.fma(sum, rest, 1.6666665459e-1f);
        sum = Math.fma(sum, rest, 5.0000001201e-1f);
        return (Math.fma(rest * rest, sum, rest) + 1) * Math.scalb(1f, (int) whole);
    }

    public static float partialSums(float[] values, int at, int count, boolean squares) {
        float[] sums = new float[16];
        int whole = count / 16 * 16;
        for (int i = 0; i < whole; i++) {
            float value = values[at + i];
            sums[i % 16] = squares ? Math.fma(value, value, sums[i % 16]) : sums[i % 16] + value;
        }
        float[] lanes = new float[4];
        for (int i = 0; i < 4; i++) {
            lanes[i] = sums[i] + sums[4 + i] + (sums[8 + i] + sums[12 + i]);
        }
        float sum = lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
        for (int i = whole; i < count; i++) {
            float value = values[at + i];
            sum = squares ? Math.fma(value, value, sum) : sum + value;
        }
        return sum;
    }

    public static void softmax(float[] values, int at, int count) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + count; i++) {
            largest = Math.max(largest, values[i]);
        }
        for (int i = at; i < at + count; i++) {
            values[i] = exp(values[i] - largest);
        }
        float factor = 1 / partialSums(values, at, count, false);
        for (int i = at; i < at + count; i++) {
            values[i] *= factor;
        }
    }

    public static float softcap(float value, float cap) {
        return cap - 2 * cap / (exp(value * (2 / cap)) + 1);
    }

    /** Query, key and value row-major, heads side by side; keys of a block of 96 queries begin at a multiple of 32. */
    public static float[] attention(float[] q, float[] k, float[] v, int tokens, int heads, int keyHeads, int size,
            float scale, float cap, int window) {
        float[] result = new float[tokens * heads * size];
        for (int head = 0; head < heads; head++) {
            int shared = head / (heads / keyHeads) * size;
            for (int t = 0; t < tokens; t++) {
                int block = t / 96 * 96;
                int first = window == 0 ? 0 : Math.max(0, block - window + 1) / 32 * 32;
                int end = Math.min(tokens, block + 96);
                int from = window == 0 ? 0 : Math.max(0, t - window + 1);
                float[] weights = new float[end - first];
                for (int key = from; key <= t; key++) {
                    float product = 0;
                    for (int i = 0; i < size; i++) {
                        float right = k[key * keyHeads * size + shared + i];
                        product = Math.fma(q[(t * heads + head) * size + i], right, product);
                    }
                    product *= scale;
                    weights[key - first] = cap == 0 ? product : softcap(product, cap);
                }
                softmax(weights, from - first, t + 1 - from);
                for (int i = 0; i < size; i++) {
                    result[(t * heads + head) * size + i] = dot(0, weights, 0, 1, v,
                            first * keyHeads * size + shared + i, keyHeads * size, end - first);
                }
            }
        }
        return result;
    }
}
