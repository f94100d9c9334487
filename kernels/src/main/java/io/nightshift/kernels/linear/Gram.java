package io.nightshift.kernels.linear;

import io.nightshift.kernels.parallel.Workers;

/**
 * Gram matrices H = XᵀX in square blocks, of which only those on and above the diagonal are computed.
 *
 * <p>Block (r, c) with r &lt;= c holds the sums over tokens of x[r * size + i] * x[c * size + j] at i * size + j; a
 * matrix whose channels do not fill its last blocks has zeros there. Blocks on the diagonal are whole.
 */
public final class Gram {
    private Gram() {}

    /** Blocks on and above the diagonal. */
    public static int blocks(int channels, int size) {
        int side = (channels + size - 1) / size;
        return side * (side + 1) / 2;
    }

    /** Position of block (row, column) in the order of {@link #add}: row by row, row &lt;= column. */
    public static int index(int channels, int size, int row, int column) {
        int side = (channels + size - 1) / size;
        return row * side - row * (row - 1) / 2 + column - row;
    }

    /**
     * Adds the products of some tokens' activations to blocks. Tokens are summed {@value #RUN} at a time, from zero and
     * in their order, with fused multiply-adds, and the sum is then added to the block: calls that split the tokens at
     * multiples of {@value #RUN} give the same bits.
     *
     * @param activations row-major, {@code tokens * channels} from the start
     * @param size channels a block's side, a multiple of 32
     * @param blocks {@link #blocks} arrays of {@code size * size} floats
     */
    public static void add(
            float[] activations, int tokens, int channels, int size, float[][] blocks, Workers workers) {
        throw new UnsupportedOperationException();
    }

    /** Adds the sums of squares of each channel, in double precision, tokens in their order. */
    public static void addSquares(float[] activations, int tokens, int channels, double[] sums) {
        throw new UnsupportedOperationException();
    }

    /** Tokens that are summed in one run. */
    public static final int RUN = 256;
}
