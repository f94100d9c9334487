package io.nightshift.kernels.reference;

import io.nightshift.kernels.linear.GatedDeltaRule;

/** The gated delta rule by chunks, element by element, in 32 bits: what the kernel must give bit for bit. */
public final class ScalarDeltaRule {
    private static final int TOKENS = 64;

    private ScalarDeltaRule() {}

    /** One value head of a sequence; the result lies token by token, all heads beside each other. */
    public static void apply(GatedDeltaRule rule, int head, float[] mixed, int at, int stride, float[] decays, float[] shares,
            int tokens, float[] result) {
        int keySize = rule.keySize();
        int valueSize = rule.valueSize();
        float[] state = new float[keySize * valueSize];
        int ofKey = head / (rule.valueHeads() / rule.keyHeads()) * keySize;
        for (int first = 0; first < tokens; first += TOKENS) {
            int count = Math.min(TOKENS, tokens - first);
            float[][] q = new float[count][keySize];
            float[][] k = new float[count][keySize];
            float[] sums = new float[count];
            float[] share = new float[count];
            float[][] changes = new float[count][valueSize];
            double sum = 0;
            for (int i = 0; i < count; i++) {
                int row = at + (first + i) * stride;
                System.arraycopy(mixed, row + ofKey, q[i], 0, keySize);
                System.arraycopy(mixed, row + rule.keyHeads() * keySize + ofKey, k[i], 0, keySize);
                System.arraycopy(mixed, row + 2 * rule.keyHeads() * keySize + head * valueSize, changes[i], 0, valueSize);
                share[i] = shares[(first + i) * rule.valueHeads() + head];
                sum += decays[(first + i) * rule.valueHeads() + head];
                sums[i] = (float) sum;
            }
            float[][] out = new float[count][valueSize];
            for (int i = 0; i < count; i++) {
                float decay = ScalarDecoder.exp(sums[i]);
                for (int c = 0; c < valueSize; c++) {
                    float known = 0;
                    for (int d = 0; d < keySize; d++) {
                        known = Math.fma(k[i][d] * (decay * share[i]), state[d * valueSize + c], known);
                        out[i][c] = Math.fma(q[i][d] * decay, state[d * valueSize + c], out[i][c]);
                    }
                    changes[i][c] = changes[i][c] * share[i] - known;
                }
                for (int j = 0; j < i; j++) {
                    float factor = dot(k[i], k[j]) * (ScalarDecoder.exp(sums[i] - sums[j]) * share[i]);
                    for (int c = 0; c < valueSize; c++) {
                        changes[i][c] = Math.fma(changes[j][c], -factor, changes[i][c]);
                    }
                }
                for (int c = 0; c < valueSize; c++) {
                    float own = 0;
                    for (int j = 0; j <= i; j++) {
                        own = Math.fma(dot(q[i], k[j]) * ScalarDecoder.exp(sums[i] - sums[j]), changes[j][c], own);
                    }
                    result[(first + i) * rule.valueHeads() * valueSize + head * valueSize + c] = out[i][c] + own;
                }
            }
            for (int d = 0; d < keySize; d++) {
                for (int c = 0; c < valueSize; c++) {
                    float change = 0;
                    for (int j = 0; j < count; j++) {
                        change = Math.fma(k[j][d] * ScalarDecoder.exp(sums[count - 1] - sums[j]), changes[j][c], change);
                    }
                    state[d * valueSize + c] = state[d * valueSize + c] * ScalarDecoder.exp(sums[count - 1]) + change;
                }
            }
        }
    }

    private static float dot(float[] left, float[] right) {
        float sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum = Math.fma(left[i], right[i], sum);
        }
        return sum;
    }
}
