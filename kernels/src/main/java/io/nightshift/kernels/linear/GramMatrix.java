package io.nightshift.kernels.linear;

import java.util.Objects;

/**
 * A symmetric matrix H = XᵀX as {@link Gram#add} makes it: square blocks, those on and above the diagonal.
 *
 * @param channels rows and columns of H
 * @param size channels a block's side
 * @param blocks {@link Gram#blocks(int, int)} arrays of {@code size * size} floats, in the order of {@link Gram#index}
 */
public record GramMatrix(int channels, int size, float[][] blocks) {
    /**
     * Checks the blocks' number and lengths.
     *
     * @throws IllegalArgumentException if they do not fit
     */
    public GramMatrix {
        if (channels < 1 || size < 1 || blocks.length != Gram.blocks(channels, size)) {
            throw new IllegalArgumentException("a Gram matrix of " + channels + " channels in blocks of " + size
                    + " does not have " + blocks.length + " blocks");
        }
        for (float[] block : blocks) {
            if (block.length != size * size) {
                throw new IllegalArgumentException("a block of a Gram matrix has " + block.length
                        + " elements, but must have " + size + " * " + size);
            }
        }
    }

    /** The element of two channels. */
    public float get(int row, int column) {
        int from = Math.min(row, column);
        int to = Math.max(row, column);
        float[] block = blocks[Gram.index(channels, size, from / size, to / size)];
        return block[from % size * size + to % size];
    }

    /**
     * The weighted sum of two matrices: the Gram matrix of both inputs, one of them longer.
     *
     * @param other of the same channels
     * @throws IllegalArgumentException if it is of others
     */
    public GramMatrix plus(double factor, GramMatrix other, double factorOfOther) {
        if (other.channels != channels) {
            throw new IllegalArgumentException(channels + " channels and " + other.channels + " cannot be added up");
        }
        float[][] sums = new float[blocks.length][size * size];
        for (int i = 0; i < channels; i++) {
            for (int j = i / size * size; j < channels; j++) {
                sums[Gram.index(channels, size, i / size, j / size)][i % size * size + j % size] =
                        (float) (factor * get(i, j) + factorOfOther * other.get(i, j));
            }
        }
        return new GramMatrix(channels, size, sums);
    }

    /** The mean of the diagonal. */
    public double meanSquare() {
        double sum = 0;
        for (int i = 0; i < channels; i++) {
            sum += get(i, i);
        }
        return sum / channels;
    }

    /** The diagonal: the sum of squares of each channel. */
    public float[] diagonal() {
        float[] diagonal = new float[channels];
        for (int i = 0; i < channels; i++) {
            diagonal[i] = get(i, i);
        }
        return diagonal;
    }

    /**
     * Copies the square on the diagonal that starts with a channel.
     *
     * @param first its first channel
     * @param count its channels
     * @param into receives {@code count * count} elements, row-major
     */
    public void diagonalSquare(int first, int count, float[] into) {
        Objects.checkFromIndexSize(first, count, channels);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                into[i * count + j] = get(first + i, first + j);
            }
        }
    }

    /**
     * The matrix of the same channels in another order.
     *
     * @param order which of this matrix's channels stands at each place, each once
     * @throws IllegalArgumentException if these are not as many
     */
    public GramMatrix reordered(int[] order) {
        if (order.length != channels) {
            throw new IllegalArgumentException(channels + " channels cannot be put in an order of " + order.length);
        }
        float[][] others = new float[blocks.length][size * size];
        for (int i = 0; i < channels; i++) {
            for (int j = i / size * size; j < channels; j++) {
                others[Gram.index(channels, size, i / size, j / size)][i % size * size + j % size] = get(order[i], order[j]);
            }
        }
        return new GramMatrix(channels, size, others);
    }

    /**
     * A matrix from its rows.
     *
     * @param rows symmetric, row-major; what is below the diagonal is not read
     * @param size channels a block's side
     */
    public static GramMatrix of(float[] rows, int channels, int size) {
        Objects.checkFromIndexSize(0, Math.multiplyExact(channels, channels), rows.length);
        float[][] blocks = new float[Gram.blocks(channels, size)][size * size];
        for (int i = 0; i < channels; i++) {
            for (int j = i / size * size; j < channels; j++) {
                float value = rows[Math.min(i, j) * channels + Math.max(i, j)];
                blocks[Gram.index(channels, size, i / size, j / size)][i % size * size + j % size] = value;
            }
        }
        return new GramMatrix(channels, size, blocks);
    }
}
