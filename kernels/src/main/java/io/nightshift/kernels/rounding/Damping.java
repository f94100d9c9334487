package io.nightshift.kernels.rounding;

/**
 * What is added to the diagonal of H before it is factorised, as a share of the mean of its diagonal (GPTQ, section 3.3).
 *
 * @param first the share that is tried first, 0 or more; GPTQ takes 0.01
 * @param largest the largest share that is tried, at least {@code first}: each failure raises it tenfold
 */
public record Damping(double first, double largest) {
    /** One percent, raised to ten times the diagonal's mean at most. */
    public static final Damping DEFAULT = new Damping(0.01, 10);

    /** What is tried after 0. */
    private static final double LEAST = 1e-4;

    /**
     * Checks the shares.
     *
     * @throws IllegalArgumentException if they are out of range
     */
    public Damping {
        if (!(first >= 0 && first <= largest && largest < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("damping from " + first + " to " + largest
                    + ": give two shares of the diagonal's mean, 0 or more, the larger one last");
        }
    }

    /** The share after one that failed. */
    double next(double failed) {
        return Math.max(LEAST, 10 * failed);
    }
}
