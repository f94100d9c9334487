package io.nightshift.jobs.evaluation;

import io.nightshift.formats.logits.LogitsRow;

/** The prediction of one token: what follows from a row of logits. */
final class Prediction {
    private Prediction() {}

    /** The index of the largest logit, the first of equals. */
    static int top(float[] logits, int from, int vocabulary) {
        int top = 0;
        for (int i = 1; i < vocabulary; i++) {
            if (logits[from + i] > logits[from + top]) {
                top = i;
            }
        }
        return top;
    }

    /** The logarithm of the sum of exponentials: logits less this are logarithms of probabilities. */
    static double logSum(float[] logits, int from, int vocabulary, int top) {
        float largest = logits[from + top];
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            sum += Math.exp(logits[from + i] - largest);
        }
        return largest + Math.log(sum);
    }

    /** The Kullback-Leibler divergence of a prediction from the original's, in nats; roundings may take it below 0. */
    static double divergence(
            float[] original, double originalLogSum, float[] other, double otherLogSum, int from, int vocabulary) {
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            double logProbability = original[from + i] - originalLogSum;
            sum += Math.exp(logProbability) * (logProbability - (other[from + i] - otherLogSum));
        }
        return sum;
    }

    /**
     * The divergence from a prediction that a base-logits file keeps, as llama-perplexity has it: what is not above
     * {@link LogitsRow#LEAST_COUNTED} is left out, as it may have been cut off there.
     */
    static double divergenceOfRounded(float[] original, float[] other, double otherLogSum, int from, int vocabulary) {
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            double logProbability = original[from + i];
            if (logProbability > LogitsRow.LEAST_COUNTED) {
                sum += Math.exp(logProbability) * (logProbability - (other[from + i] - otherLogSum));
            }
        }
        return sum;
    }
}
