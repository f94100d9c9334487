package io.nightshift.kernels.transformer;

/**
 * The Kullback-Leibler divergence of predictions from the original's, of logits that come a block of the vocabulary at a time:
 * memory does not grow with it. For one thread.
 *
 * <p>With p and q the logits of the original and of the other, D = sum(exp(p) * (p - q)) / sum(exp(p)) - log(sum(exp(p))) +
 * log(sum(exp(q))); the sums are kept relative to the largest logit so far.
 */
public final class DivergenceSums {
    private final int tokens;
    private final float[] largest;
    private final double[] sums;
    private final double[] weighted;
    private final float[] otherLargest;
    private final double[] otherSums;

    /** @param tokens number of predictions */
    public DivergenceSums(int tokens) {
        this.tokens = tokens;
        largest = new float[tokens];
        sums = new double[tokens];
        weighted = new double[tokens];
        otherLargest = new float[tokens];
        otherSums = new double[tokens];
    }

    /**
     * Takes a block of the vocabulary.
     *
     * @param original {@code tokens * count} logits, row-major
     * @param other as many
     * @param count entries of the vocabulary in this block, at least one; all finite
     */
    public void add(float[] original, float[] other, int count) {
        for (int token = 0; token < tokens; token++) {
            int from = token * count;
            float top = largest(original, from, count, sums[token] == 0 ? Float.NEGATIVE_INFINITY : largest[token]);
            double before = sums[token] == 0 ? 0 : Math.exp((double) largest[token] - top);
            double sum = sums[token] * before;
            double difference = weighted[token] * before;
            for (int i = from; i < from + count; i++) {
                double share = Math.exp((double) original[i] - top);
                sum += share;
                difference += share * ((double) original[i] - other[i]);
            }
            largest[token] = top;
            sums[token] = sum;
            weighted[token] = difference;
            addOther(token, other, from, count);
        }
    }

    private void addOther(int token, float[] other, int from, int count) {
        float top = largest(other, from, count, otherSums[token] == 0 ? Float.NEGATIVE_INFINITY : otherLargest[token]);
        double sum = otherSums[token] == 0 ? 0 : otherSums[token] * Math.exp((double) otherLargest[token] - top);
        for (int i = from; i < from + count; i++) {
            sum += Math.exp((double) other[i] - top);
        }
        otherLargest[token] = top;
        otherSums[token] = sum;
    }

    private static float largest(float[] logits, int from, int count, float before) {
        float largest = before;
        for (int i = from; i < from + count; i++) {
            largest = Math.max(largest, logits[i]);
        }
        return largest;
    }

    /** The divergence of each prediction in nats, of all that was added; roundings may take it below 0. */
    public double[] divergences() {
        double[] divergences = new double[tokens];
        for (int token = 0; token < tokens; token++) {
            divergences[token] = weighted[token] / sums[token]
                    - (largest[token] + Math.log(sums[token]))
                    + (otherLargest[token] + Math.log(otherSums[token]));
        }
        return divergences;
    }
}
