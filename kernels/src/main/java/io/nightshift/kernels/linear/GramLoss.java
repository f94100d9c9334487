package io.nightshift.kernels.linear;

import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.Objects;

/**
 * The loss of a change to a linear layer's weights: with D the change and H = XᵀX, ‖D·Xᵀ‖² = tr(D·H·Dᵀ), a sum over
 * D's rows. The matrix is packed once, as 2 * channels² bytes.
 *
 * <p>Rows are independent: a row's loss is the same bits whatever rows are computed with it.
 */
public final class GramLoss {
    private static final int SIZE = 96;
    private static final int WIDTH = LeftFactor.WIDTH;

    private final int channels;
    private final int side;
    private final LeftFactor[] tiles;

    private GramLoss(int channels, LeftFactor[] tiles) {
        this.channels = channels;
        this.side = Panels.count(channels, SIZE);
        this.tiles = tiles;
    }

    /** Packs a matrix. */
    public static GramLoss of(GramMatrix gram, Workers workers) {
        int channels = gram.channels();
        int side = Panels.count(channels, SIZE);
        LeftFactor[] tiles = new LeftFactor[Gram.blocks(channels, SIZE)];
        workers.run(side, row -> {
            float[] tile = new float[SIZE * SIZE];
            for (int column = row; column < side; column++) {
                fill(gram, row * SIZE, column * SIZE, tile);
                tiles[Gram.index(channels, SIZE, row, column)] = LeftFactor.pack(SIZE, SIZE, tile, 0, SIZE);
            }
        });
        return new GramLoss(channels, tiles);
    }

    /** An off-diagonal element stands for its mirror image too, so that those of diagonal tiles count half. */
    private static void fill(GramMatrix gram, int row, int column, float[] tile) {
        Arrays.fill(tile, 0);
        int rows = Math.min(SIZE, gram.channels() - row);
        int columns = Math.min(SIZE, gram.channels() - column);
        float factor = row == column ? 0.5f : 1;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                tile[i * SIZE + j] = factor * gram.get(row + i, column + j);
            }
        }
    }

    /** Channels of the matrix. */
    public int channels() {
        return channels;
    }

    /**
     * The loss of each row.
     *
     * @param changes row-major, {@code rows * channels} from {@code at}
     * @return one loss a row
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public double[] ofRows(float[] changes, int at, int rows, Workers workers) {
        Objects.checkFromIndexSize(at, Math.multiplyExact(rows, channels), changes.length);
        double[] losses = new double[rows];
        workers.run(Panels.count(rows, WIDTH), piece -> {
            int first = piece * WIDTH;
            int count = Math.min(WIDTH, rows - first);
            panel(changes, at + first * channels, count, losses, first);
        });
        return losses;
    }

    private void panel(float[] changes, int at, int rows, double[] losses, int first) {
        float[] panel = new float[side * SIZE * WIDTH];
        Panels.transpose(rows, channels, changes, at, channels, WIDTH, panel, 0, panel.length);
        float[] product = new float[SIZE * WIDTH];
        double[] sums = new double[WIDTH];
        for (int row = 0; row < side; row++) {
            Arrays.fill(product, 0);
            for (int column = row; column < side; column++) {
                tiles[Gram.index(channels, SIZE, row, column)].addProduct(panel, column * SIZE * WIDTH, product, 0);
            }
            addProducts(panel, row * SIZE * WIDTH, product, SIZE, sums);
        }
        for (int i = 0; i < rows; i++) {
            losses[first + i] = 2 * sums[i];
        }
    }

    /** Adds the products of two panels' elements, down their columns. */
    static void addProducts(float[] panel, int at, float[] product, int rows, double[] sums) {
        for (int i = 0; i < rows * WIDTH; i += WIDTH) {
            for (int j = 0; j < WIDTH; j++) {
                sums[j] += (double) panel[at + i + j] * product[i + j];
            }
        }
    }
}
