package io.nightshift.kernels.reference;

import io.nightshift.kernels.linear.SelectiveScan;

/** Mamba 2's scan by chunks, element by element, in 32 bits: what the kernel must give bit for bit. */
public final class ScalarScan {
    private static final int TOKENS = 64;

    private ScalarScan() {}

    /** One head of a sequence; the result lies token by token, all heads beside each other. */
    public static void apply(SelectiveScan scan, int head, float[] mixed, int at, int stride, float[] decays, float[] steps,
            float[] skips, int tokens, float[] result) {
        int stateSize = scan.stateSize();
        int size = scan.headSize();
        float[][] state = new float[stateSize][size];
        int writes = scan.channels() + head / (scan.heads() / scan.groups()) * stateSize;
        int reads = writes + scan.groups() * stateSize;
        for (int first = 0; first < tokens; first += TOKENS) {
            int count = Math.min(TOKENS, tokens - first);
            float[] sums = new float[count];
            float[] step = new float[count];
            double sum = 0;
            for (int i = 0; i < count; i++) {
                step[i] = steps[(first + i) * scan.heads() + head];
                sum += decays[(first + i) * scan.heads() + head];
                sums[i] = (float) sum;
            }
            for (int i = 0; i < count; i++) {
                int row = at + (first + i) * stride;
                float[] weights = new float[i + 1];
                for (int j = 0; j <= i; j++) {
                    weights[j] = dot(mixed, row + reads, at + (first + j) * stride + writes, stateSize)
                            * ScalarDecoder.exp(sums[i] - sums[j]);
                }
                for (int c = 0; c < size; c++) {
                    float known = 0;
                    for (int d = 0; d < stateSize; d++) {
                        known = Math.fma(mixed[row + reads + d], state[d][c], known);
                    }
                    float own = 0;
                    for (int j = 0; j <= i; j++) {
                        own = Math.fma(weights[j], mixed[at + (first + j) * stride + head * size + c] * step[j], own);
                    }
                    result[(first + i) * scan.channels() + head * size + c] = known * ScalarDecoder.exp(sums[i])
                            + mixed[row + head * size + c] * skips[head] + own;
                }
            }
            for (int d = 0; d < stateSize; d++) {
                for (int c = 0; c < size; c++) {
                    float change = 0;
                    for (int j = 0; j < count; j++) {
                        int row = at + (first + j) * stride;
                        change = Math.fma(mixed[row + writes + d], mixed[row + head * size + c] * step[j]
                                * ScalarDecoder.exp(sums[count - 1] - sums[j]), change);
                    }
                    state[d][c] = state[d][c] * ScalarDecoder.exp(sums[count - 1]) + change;
                }
            }
        }
    }

    private static float dot(float[] values, int left, int right, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            sum = Math.fma(values[left + i], values[right + i], sum);
        }
        return sum;
    }
}
