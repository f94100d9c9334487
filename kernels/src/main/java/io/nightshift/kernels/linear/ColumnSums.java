package io.nightshift.kernels.linear;

/** Sums over the rows of a matrix, one a column. */
public final class ColumnSums {
    private ColumnSums() {}

    /**
     * Adds the absolute values of each channel, in double precision, tokens in their order.
     *
     * @param activations row-major, {@code tokens * channels} from the start
     * @param sums {@code channels} of them, added to
     */
    public static void addAbsolutes(float[] activations, int tokens, int channels, double[] sums) {
        for (int token = 0; token < tokens; token++) {
            int row = token * channels;
            for (int channel = 0; channel < channels; channel++) {
                sums[channel] += Math.abs(activations[row + channel]);
            }
        }
    }
}
