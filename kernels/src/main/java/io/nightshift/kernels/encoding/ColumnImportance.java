package io.nightshift.kernels.encoding;

/** The importance that columns have, by the statistics of their inputs, when the scales of their blocks are chosen. */
final class ColumnImportance {
    /** Columns without input count this share of the mean: a block of them alone still gets a scale. */
    private static final float LEAST = 1e-6f;

    private ColumnImportance() {}

    /**
     * The sums of squares of the columns' inputs, as an importance matrix has them.
     *
     * @param diagonal of H
     */
    static float[] of(float[] diagonal) {
        double sum = 0;
        for (float value : diagonal) {
            sum += value;
        }
        float least = Math.max(Float.MIN_NORMAL, (float) (sum / diagonal.length) * LEAST);
        float[] importance = new float[diagonal.length];
        for (int i = 0; i < importance.length; i++) {
            importance[i] = Math.max(least, diagonal[i]);
        }
        return importance;
    }

    /**
     * With error feedback an error costs what is left of the square where later columns make up for it. But the weight that
     * it is an error of is not known yet, only where it starts from: between the two, their geometric mean measured best.
     * Where it is known, to choose scales again, the square itself did.
     *
     * @param residuals of the factor
     */
    static float[] of(float[] diagonal, float[] residuals) {
        float[] importance = new float[diagonal.length];
        for (int i = 0; i < importance.length; i++) {
            importance[i] = diagonal[i] > 0 ? (float) Math.sqrt((double) diagonal[i] * residuals[i]) : 0;
        }
        return of(importance);
    }
}
