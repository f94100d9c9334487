package io.nightshift.kernels.rounding;

import io.nightshift.kernels.parallel.Workers;

/**
 * The Cholesky factor U of a matrix A = UᵀU in double precision, in tiles of {@link DoubleTiles#SIDE}, those on and above
 * the diagonal: right-looking, one row of tiles after another (Golub and Van Loan, Matrix Computations, 4.2). Tiles get
 * their updates in a fixed order, so that threads do not change bits.
 */
final class Cholesky {
    private Cholesky() {}

    /** Position of tile (row, column), row &lt;= column, among those of {@code side} rows of tiles. */
    static int index(int side, int row, int column) {
        return row * side - row * (row - 1) / 2 + column - row;
    }

    /**
     * Factorises in place. Pivots below {@code least} times the diagonal's element mean that the matrix is singular as far
     * as its precision tells.
     *
     * @return whether the matrix is positive definite; if not, the tiles are spoilt
     */
    static boolean factorise(double[][] tiles, int side, double least, Workers workers) {
        double[] diagonal = diagonal(tiles, side);
        for (int k = 0; k < side; k++) {
            int step = k;
            double[] pivots = tiles[index(side, k, k)];
            if (!DoubleTiles.factorise(pivots, diagonal, k * DoubleTiles.SIDE, least)) {
                return false;
            }
            int left = side - k - 1;
            workers.run(left, i -> DoubleTiles.solve(pivots, tiles[index(side, step, step + 1 + i)]));
            workers.run(left, i -> update(tiles, side, step, step + 1 + i));
        }
        return true;
    }

    private static double[] diagonal(double[][] tiles, int side) {
        double[] diagonal = new double[side * DoubleTiles.SIDE];
        for (int i = 0; i < diagonal.length; i++) {
            int tile = i / DoubleTiles.SIDE;
            diagonal[i] = tiles[index(side, tile, tile)][i % DoubleTiles.SIDE * (DoubleTiles.SIDE + 1)];
        }
        return diagonal;
    }

    private static void update(double[][] tiles, int side, int step, int row) {
        double[] left = tiles[index(side, step, row)];
        for (int column = row; column < side; column++) {
            DoubleTiles.subtractProduct(
                    left, tiles[index(side, step, column)], tiles[index(side, row, column)], row == column);
        }
    }
}
