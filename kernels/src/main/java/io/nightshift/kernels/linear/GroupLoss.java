package io.nightshift.kernels.linear;

import java.util.Arrays;
import java.util.Objects;

/**
 * The loss of a change to the weights of one group of channels, the rest left as it is: d·H·dᵀ with H's square of the
 * group. Groups are consecutive channels, all of one size. Takes about 4 * channels * size bytes.
 */
public final class GroupLoss {
    private static final int WIDTH = LeftFactor.WIDTH;

    private final int size;
    private final LeftFactor[] squares;

    private GroupLoss(int size, LeftFactor[] squares) {
        this.size = size;
        this.squares = squares;
    }

    /**
     * Packs the squares on the diagonal.
     *
     * @param size channels a group; the channels must be whole groups
     * @throws IllegalArgumentException if they are not
     */
    public static GroupLoss of(GramMatrix gram, int size) {
        if (size < 1 || gram.channels() % size != 0) {
            throw new IllegalArgumentException(
                    gram.channels() + " channels are not whole groups of " + size);
        }
        LeftFactor[] squares = new LeftFactor[gram.channels() / size];
        float[] square = new float[size * size];
        for (int group = 0; group < squares.length; group++) {
            gram.diagonalSquare(group * size, size, square);
            squares[group] = LeftFactor.pack(size, size, square, 0, size);
        }
        return new GroupLoss(size, squares);
    }

    /**
     * The loss of each group of each row.
     *
     * @param changes row-major, from {@code at}
     * @return row-major, groups of a row one after another
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public double[] ofGroups(float[] changes, int at, int rows) {
        int channels = size * squares.length;
        Objects.checkFromIndexSize(at, Math.multiplyExact(rows, channels), changes.length);
        double[] losses = new double[rows * squares.length];
        float[] panel = new float[size * WIDTH];
        float[] product = new float[LeftFactor.paddedRows(size) * WIDTH];
        double[] sums = new double[WIDTH];
        for (int first = 0; first < rows; first += WIDTH) {
            int count = Math.min(WIDTH, rows - first);
            for (int group = 0; group < squares.length; group++) {
                Panels.transpose(count, size, changes, at + first * channels + group * size, channels, WIDTH, panel, 0,
                        panel.length);
                Arrays.fill(product, 0);
                squares[group].addProduct(panel, 0, product, 0);
                Arrays.fill(sums, 0);
                GramLoss.addProducts(panel, 0, product, size, sums);
                for (int row = 0; row < count; row++) {
                    losses[(first + row) * squares.length + group] = sums[row];
                }
            }
        }
        return losses;
    }
}
