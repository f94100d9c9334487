package io.nightshift.kernels.scaling;

/**
 * Whether scales lose less than none, by the losses of single rows with and without them. Of a linear layer all rows may be
 * given, or an evenly spread sample, which tells the sum over all of them with a standard error. What scales take off a row's
 * loss varies less from row to row than the loss, so that some hundred rows mostly settle it.
 */
public final class ScaleComparison {
    /** Standard errors that the difference has to be away from none. */
    private static final double SURE = 4;

    /** Share of the loss that scales have to take off: what surely takes less is not looked at more closely. */
    private static final double WORTH = 0.01;

    private double loss;
    private double gain;
    private double variance;

    /**
     * Adds rows of a linear layer: a sample of it, or some of its rows where all come in turn.
     *
     * @param unscaled their losses with all scales one
     * @param scaled their losses with the scales
     * @param rows how many these stand for: as many as they are, or all of the layer's
     * @throws IllegalArgumentException if the lengths differ, or there are fewer rows than losses
     */
    public void add(double[] unscaled, double[] scaled, long rows) {
        int count = unscaled.length;
        if (scaled.length != count || rows < count || count == 0) {
            throw new IllegalArgumentException(
                    count + " and " + scaled.length + " losses for " + rows + " rows do not belong together");
        }
        double unscaledSum = 0;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            unscaledSum += unscaled[i];
            sum += unscaled[i] - scaled[i];
        }
        double mean = sum / count;
        double squares = 0;
        for (int i = 0; i < count; i++) {
            double rest = unscaled[i] - scaled[i] - mean;
            squares += rest * rest;
        }
        loss += rows * (unscaledSum / count);
        gain += rows * mean;
        if (rows > count) {
            // Of a finite number of rows: none is left to chance where all were seen. One row alone tells nothing.
            variance += count == 1
                    ? Double.POSITIVE_INFINITY
                    : rows * (double) (rows - count) * squares / ((count - 1.0) * count);
        }
    }

    /** Whether no more rows are needed: all were added, or the sample leaves no doubt, or it is not worth the while. */
    public boolean isSettled() {
        return variance == 0 || isGain() || gain + doubt() < WORTH * loss;
    }

    /** Whether the scales surely lose less than none. */
    public boolean isGain() {
        return gain > doubt();
    }

    private double doubt() {
        return SURE * Math.sqrt(variance);
    }
}
