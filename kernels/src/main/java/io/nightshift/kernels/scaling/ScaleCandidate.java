package io.nightshift.kernels.scaling;

import java.util.ArrayList;
import java.util.List;

/**
 * A choice of channel scales: the inputs' mean magnitudes to the power of a ratio (AutoAWQ's
 * {@code _compute_best_scale}).
 *
 * @param ratio 0 to 1; 0 without {@code duo} is no scaling at all
 * @param duo whether they are divided by the weights' magnitudes to the power of {@code 1 - ratio}
 */
public record ScaleCandidate(double ratio, boolean duo) {
    /** All scales one. */
    public static final ScaleCandidate NONE = new ScaleCandidate(0, false);

    private static final double LEAST = 1e-4;

    /** Checks the ratio. */
    public ScaleCandidate {
        if (!(ratio >= 0 && ratio <= 1)) {
            throw new IllegalArgumentException("a ratio of scales of " + ratio + ": give 0 to 1");
        }
    }

    /**
     * All candidates: the ratios 0, 1/n, ... (n - 1)/n, first without the weights' magnitudes, then with them. The first one
     * is {@link #NONE}.
     *
     * @param ratios n, at least 1; AutoAWQ takes 20
     */
    public static List<ScaleCandidate> grid(int ratios) {
        if (ratios < 1) {
            throw new IllegalArgumentException(ratios + " ratios of scales: at least one is needed");
        }
        List<ScaleCandidate> candidates = new ArrayList<>();
        for (boolean duo : new boolean[] {false, true}) {
            for (int i = 0; i < ratios; i++) {
                candidates.add(new ScaleCandidate((double) i / ratios, duo));
            }
        }
        return candidates;
    }

    /**
     * The scale of each channel: weights are multiplied by it, inputs divided. Scales are normalized so that the product
     * of the least and the largest is one. A channel without input gets the least scale of the others.
     *
     * @param inputMeans the mean of |x| of each channel, 0 or more
     * @param weightMeans {@link WeightMagnitudes#means()}
     * @return positive and finite
     * @throws IllegalArgumentException if the lengths differ
     */
    public float[] scales(double[] inputMeans, double[] weightMeans) {
        if (inputMeans.length != weightMeans.length) {
            throw new IllegalArgumentException("means of " + inputMeans.length + " inputs and of " + weightMeans.length
                    + " columns of weights do not belong together");
        }
        double[] scales = new double[inputMeans.length];
        double least = Double.POSITIVE_INFINITY;
        double largest = 0;
        for (int i = 0; i < scales.length; i++) {
            scales[i] = Math.max(LEAST, scale(inputMeans[i], weightMeans[i]));
            if (inputMeans[i] > 0) {
                least = Math.min(least, scales[i]);
                largest = Math.max(largest, scales[i]);
            }
        }
        double middle = Math.sqrt(least * largest);
        float[] normalized = new float[scales.length];
        for (int i = 0; i < scales.length; i++) {
            double scale = (inputMeans[i] > 0 ? scales[i] : least) / middle;
            normalized[i] = scale > 0 && scale < Float.MAX_VALUE ? (float) scale : 1;
        }
        return normalized;
    }

    /** The powers are those of StrictMath: the same bits everywhere. */
    private double scale(double inputMean, double weightMean) {
        double scale = StrictMath.pow(inputMean, ratio);
        return duo ? scale / (StrictMath.pow(weightMean, 1 - ratio) + LEAST) : scale;
    }
}
