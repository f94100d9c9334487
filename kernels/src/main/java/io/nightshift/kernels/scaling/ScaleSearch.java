package io.nightshift.kernels.scaling;

import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.util.List;

/**
 * AWQ's search for channel scales (Lin et al., 2023; AutoAWQ's {@code _search_best_scale}), on the Gram matrix instead of
 * activations: every candidate is tried on a fixed sample of each linear layer's rows, the best one is then confirmed on
 * all rows against no scaling at all. A candidate takes channels² multiply-adds a row, half of them by symmetry.
 *
 * <p>Each part is of use by itself, to try candidates in tasks of their own.
 */
public final class ScaleSearch {
    private ScaleSearch() {}

    /**
     * Searches.
     *
     * @param gram H of the layers' input
     * @param inputMeans the mean of |x| of each channel
     * @param weightMeans of all rows of all the layers: {@link WeightMagnitudes#means()}
     * @param linears all rows of the layers that share the input
     * @param sampleRows how many rows of each layer candidates are tried on
     * @param candidates what to try; {@link ScaleCandidate#NONE} need not be among them
     */
    public static ScaleChoice search(GramMatrix gram, double[] inputMeans, double[] weightMeans,
            List<ScaledLinear> linears, int sampleRows, List<ScaleCandidate> candidates, Workers workers) {
        ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
        List<ScaledLinear> samples = linears.stream().map(linear -> linear.sample(sampleRows)).toList();
        double[] found = new double[candidates.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = losses.of(samples, candidates.get(i).scales(inputMeans, weightMeans), workers);
        }
        ScaleCandidate best = candidates.isEmpty() ? ScaleCandidate.NONE : candidates.get(best(found));
        return confirm(losses, inputMeans, weightMeans, linears, best, workers);
    }

    /** Index of the least loss, the first one of equals; NaN is never chosen unless there is nothing else. */
    public static int best(double[] losses) {
        int best = 0;
        for (int i = 1; i < losses.length; i++) {
            if (losses[i] < losses[best] || Double.isNaN(losses[best])) {
                best = i;
            }
        }
        return best;
    }

    /** Compares a candidate with no scaling on all rows. */
    public static ScaleChoice confirm(ScaleLoss losses, double[] inputMeans, double[] weightMeans,
            List<ScaledLinear> linears, ScaleCandidate candidate, Workers workers) {
        float[] ones = ScaleCandidate.NONE.scales(inputMeans, weightMeans);
        double unscaled = losses.of(linears, ones, workers);
        if (candidate.equals(ScaleCandidate.NONE)) {
            return new ScaleChoice(candidate, ones, unscaled, unscaled);
        }
        float[] scales = candidate.scales(inputMeans, weightMeans);
        double loss = losses.of(linears, scales, workers);
        return loss < unscaled
                ? new ScaleChoice(candidate, scales, loss, unscaled)
                : new ScaleChoice(ScaleCandidate.NONE, ones, unscaled, unscaled);
    }
}
