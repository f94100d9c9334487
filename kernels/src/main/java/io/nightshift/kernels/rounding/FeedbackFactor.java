package io.nightshift.kernels.rounding;

import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.linear.LeftFactor;
import io.nightshift.kernels.parallel.Workers;
import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How the rounding errors of some columns of a linear layer are made up for by the columns that are rounded later: what
 * {@link ErrorFeedback} needs of H = XᵀX, the same for all rows. About 2 * channels² bytes; to make it takes
 * 4 * channels² bytes more, and a third of channels³ multiply-adds in double precision (14,336 channels: 0.4 and 0.8 GB).
 *
 * <p>Columns are rounded in the descending order of H's diagonal. With its columns in ascending order, H = UᵀU, and the
 * loss tr(D·H·Dᵀ) of a change D is the sum of the squares of D·Uᵀ, whose element k is U[k,k] times
 * (D[k] + the sum over j &gt; k of D[j]·U[k,j]/U[k,k]). So column k, when those above it are rounded, is to be moved by that
 * sum before it is rounded. This is GPTQ (Frantar et al., 2022), which takes the same numbers from the factor of H's
 * inverse, in the form of LDLQ (Chee et al., QuIP, 2023, theorem 6), which needs neither the inverse nor its factor. The
 * factor is computed in double precision and kept in single precision.
 *
 * <p>Channels without any input (a zero on the diagonal) take and give no feedback: their weights are rounded to nearest.
 * GPTQ sets those to zero, which costs the same on the calibration data and more on any other.
 */
public final class FeedbackFactor implements Serializable {
    private static final long serialVersionUID = 2;

    static final int SIDE = DoubleTiles.SIDE;

    /** Below this share of the diagonal a pivot is noise of H's single precision. */
    private static final double LEAST_PIVOT = 0x1p-23;

    private final int[] order;
    private final int side;
    private final double damping;
    private final int silentChannels;

    /** Tile (row, column), row &lt; column, at its {@link Cholesky#index}: U[k,j]/U[k,k]. */
    private final LeftFactor[] tiles;

    /** Tiles on the diagonal, transposed: element (j, k), k &lt; j, at {@code j * SIDE + k}. */
    private final float[][] diagonalTiles;

    private final float[] residuals;

    private FeedbackFactor(int[] order, double damping, int silentChannels, LeftFactor[] tiles, float[][] diagonals,
            float[] residuals) {
        this.order = order;
        this.side = diagonals.length;
        this.damping = damping;
        this.silentChannels = silentChannels;
        this.tiles = tiles;
        this.diagonalTiles = diagonals;
        this.residuals = residuals;
    }

    /**
     * Factorises H.
     *
     * @param gram H
     * @param scales what the weights' columns have been multiplied by, so that the inputs are divided by it: positive,
     *     one a channel; or null. The order of the columns is that of the scaled inputs: a factor of the unscaled ones
     *     would serve all scales, but measured worse in KL divergence with Q4_K
     * @throws IllegalArgumentException if H has a negative or non-finite diagonal, or is not positive definite with the
     *     largest damping either: then it is no Gram matrix
     */
    public static FeedbackFactor of(GramMatrix gram, float[] scales, Damping damping, Workers workers) {
        double[] diagonal = diagonal(gram, scales);
        int[] order = IntStream.range(0, diagonal.length)
                .boxed()
                .sorted((a, b) -> Double.compare(diagonal[a], diagonal[b]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] live = Arrays.stream(diagonal).filter(value -> value > 0).toArray();
        // One where nothing came in: any number would do.
        double mean = live.length == 0 ? 1 : Arrays.stream(live).sum() / live.length;
        int silent = diagonal.length - live.length;
        int side = (diagonal.length + SIDE - 1) / SIDE;
        for (double share = damping.first(); share <= damping.largest(); share = damping.next(share)) {
            double[][] tiles = tiles(gram, scales, order, side, share * mean, workers);
            if (Cholesky.factorise(tiles, side, LEAST_PIVOT, workers)) {
                return pack(order, share, silent, tiles, side, workers);
            }
        }
        throw new IllegalArgumentException("the Gram matrix of " + diagonal.length + " channels is not positive definite"
                + " with " + damping.largest() + " times the mean of its diagonal added to it:"
                + " the statistics are damaged, make them again");
    }

    private static double[] diagonal(GramMatrix gram, float[] scales) {
        if (scales != null && scales.length != gram.channels()) {
            throw new IllegalArgumentException(scales.length + " scales for " + gram.channels() + " channels");
        }
        double[] diagonal = new double[gram.channels()];
        for (int i = 0; i < diagonal.length; i++) {
            diagonal[i] = element(gram, scales, i, i);
            if (!(diagonal[i] >= 0 && diagonal[i] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("the sum of squares of channel " + i + " is " + diagonal[i]
                        + " in the Gram matrix: it must be 0 or more and finite");
            }
        }
        return diagonal;
    }

    private static double element(GramMatrix gram, float[] scales, int row, int column) {
        double value = gram.get(row, column);
        return scales == null ? value : value / scales[row] / scales[column];
    }

    private static double[][] tiles(
            GramMatrix gram, float[] scales, int[] order, int side, double damping, Workers workers) {
        double[][] tiles = new double[side * (side + 1) / 2][];
        workers.run(side, row -> {
            for (int column = row; column < side; column++) {
                tiles[Cholesky.index(side, row, column)] = tile(gram, scales, order, row, column, damping);
            }
        });
        return tiles;
    }

    /** Beyond the last channel the matrix is one: such places take and give no feedback. Neither do silent channels. */
    private static double[] tile(GramMatrix gram, float[] scales, int[] order, int row, int column, double damping) {
        double[] tile = new double[SIDE * SIDE];
        for (int i = 0; i < SIDE; i++) {
            int from = row * SIDE + i;
            for (int j = 0; j < SIDE; j++) {
                int to = column * SIDE + j;
                if (from < order.length && to < order.length) {
                    tile[i * SIDE + j] = element(gram, scales, order[from], order[to]);
                }
                if (from == to) {
                    double value = tile[i * SIDE + j] + damping;
                    tile[i * SIDE + j] = value > 0 && from < order.length ? value : 1;
                }
            }
        }
        return tile;
    }

    private static FeedbackFactor pack(
            int[] order, double damping, int silent, double[][] tiles, int side, Workers workers) {
        LeftFactor[] packed = new LeftFactor[tiles.length];
        float[][] diagonals = new float[side][];
        float[] residuals = new float[order.length];
        workers.run(side, row -> {
            double[] pivots = tiles[Cholesky.index(side, row, row)];
            for (int i = 0; i < SIDE && row * SIDE + i < order.length; i++) {
                double pivot = pivots[i * (SIDE + 1)];
                residuals[order[row * SIDE + i]] = (float) (pivot * pivot);
            }
            diagonals[row] = transposed(pivots);
            float[] tile = new float[SIDE * SIDE];
            for (int column = row + 1; column < side; column++) {
                int index = Cholesky.index(side, row, column);
                for (int i = 0; i < SIDE * SIDE; i++) {
                    tile[i] = (float) (tiles[index][i] / pivots[i / SIDE * (SIDE + 1)]);
                }
                packed[index] = LeftFactor.pack(SIDE, SIDE, tile, 0, SIDE);
                tiles[index] = null;
            }
        });
        return new FeedbackFactor(order, damping, silent, packed, diagonals, residuals);
    }

    private static float[] transposed(double[] upper) {
        float[] transposed = new float[SIDE * SIDE];
        for (int k = 0; k < SIDE; k++) {
            for (int j = k + 1; j < SIDE; j++) {
                transposed[j * SIDE + k] = (float) (upper[k * SIDE + j] / upper[k * (SIDE + 1)]);
            }
        }
        return transposed;
    }

    /** Columns of the linear layer. */
    public int channels() {
        return order.length;
    }

    /** The share of the diagonal's mean that was added to it: more than what was asked for if that was not enough. */
    public double damping() {
        return damping;
    }

    /** Channels that had no input. */
    public int silentChannels() {
        return silentChannels;
    }

    /**
     * What is left of each channel's sum of squares where the channels that are rounded after it make up for its errors:
     * U[k,k]², with the damping. The loss of a row, with the damping's part, is the sum over its columns of this times the
     * square of what rounding changed the weight that {@link ErrorFeedback} had moved. 1 where there is no input.
     */
    public float[] residuals() {
        return residuals.clone();
    }

    /** The columns in the order in which they are rounded: that of H's diagonal, the largest first. */
    public int[] roundingOrder() {
        int[] rounding = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            rounding[i] = order[order.length - 1 - i];
        }
        return rounding;
    }

    /** The columns in the order of the tiles: the last one is rounded first. */
    int[] order() {
        return order;
    }

    /** Rows of tiles. */
    int side() {
        return side;
    }

    LeftFactor tile(int row, int column) {
        return tiles[Cholesky.index(side, row, column)];
    }

    float[] diagonalTile(int row) {
        return diagonalTiles[row];
    }
}
