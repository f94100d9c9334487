package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.DoubleVector;

/**
 * Square tiles of doubles, row-major, and what a blocked Cholesky factorisation does with them. Lanes are columns: each
 * element is one chain of operations, whatever the width of a vector.
 */
final class DoubleTiles {
    /** Side of a tile: a multiple of the register tile's rows, and of its columns at every width of vectors. */
    static final int SIDE = 96;

    private static final int ROWS = 6;
    private static final int LANES = Lanes.DOUBLE.length();
    private static final int COLUMNS = 2 * LANES;

    private DoubleTiles() {}

    /**
     * Factorises a tile A = UᵀU in place; what is below the diagonal is left as it was.
     *
     * @param least a pivot must be larger than this times the element that stood there
     * @return whether all pivots were
     */
    static boolean factorise(double[] tile, double[] diagonal, int diagonalAt, double least) {
        for (int i = 0; i < SIDE; i++) {
            double pivot = tile[i * SIDE + i];
            if (!(pivot > least * diagonal[diagonalAt + i]) || pivot == Double.POSITIVE_INFINITY) {
                return false;
            }
            double root = Math.sqrt(pivot);
            tile[i * SIDE + i] = root;
            for (int j = i + 1; j < SIDE; j++) {
                tile[i * SIDE + j] /= root;
            }
            for (int row = i + 1; row < SIDE; row++) {
                double factor = tile[i * SIDE + row];
                for (int j = row; j < SIDE; j++) {
                    tile[row * SIDE + j] -= factor * tile[i * SIDE + j];
                }
            }
        }
        return true;
    }

    /** Solves UᵀX = B in place for the upper triangle U of a tile. */
    static void solve(double[] upper, double[] tile) {
        for (int column = 0; column < SIDE; column += COLUMNS) {
            for (int i = 0; i < SIDE; i++) {
                solveRow(upper, i, tile, column);
            }
        }
    }

    private static void solveRow(double[] upper, int i, double[] tile, int column) {
        int at = i * SIDE + column;
        DoubleVector left = DoubleVector.fromArray(Lanes.DOUBLE, tile, at);
        DoubleVector right = DoubleVector.fromArray(Lanes.DOUBLE, tile, at + LANES);
        for (int k = 0; k < i; k++) {
            DoubleVector factor = DoubleVector.broadcast(Lanes.DOUBLE, -upper[k * SIDE + i]);
            int other = k * SIDE + column;
            left = factor.fma(DoubleVector.fromArray(Lanes.DOUBLE, tile, other), left);
            right = factor.fma(DoubleVector.fromArray(Lanes.DOUBLE, tile, other + LANES), right);
        }
        double pivot = upper[i * SIDE + i];
        left.div(pivot).intoArray(tile, at);
        right.div(pivot).intoArray(tile, at + LANES);
    }

    /**
     * Subtracts AᵀB from a tile.
     *
     * @param diagonal whether the tile is on the diagonal: then what is below it need not be right
     */
    static void subtractProduct(double[] a, double[] b, double[] tile, boolean diagonal) {
        for (int row = 0; row < SIDE; row += ROWS) {
            int first = diagonal ? row / COLUMNS * COLUMNS : 0;
            for (int column = first; column < SIDE; column += COLUMNS) {
                subtract(a, row, b, column, tile, row * SIDE + column);
            }
        }
    }

    private static void subtract(double[] a, int row, double[] b, int column, double[] tile, int at) {
        DoubleVector zero = DoubleVector.zero(Lanes.DOUBLE);
        DoubleVector s00 = zero;
        DoubleVector s01 = zero;
        DoubleVector s10 = zero;
        DoubleVector s11 = zero;
        DoubleVector s20 = zero;
        DoubleVector s21 = zero;
        DoubleVector s30 = zero;
        DoubleVector s31 = zero;
        DoubleVector s40 = zero;
        DoubleVector s41 = zero;
        DoubleVector s50 = zero;
        DoubleVector s51 = zero;
        for (int k = 0; k < SIDE * SIDE; k += SIDE) {
            DoubleVector left = DoubleVector.fromArray(Lanes.DOUBLE, b, k + column);
            DoubleVector right = DoubleVector.fromArray(Lanes.DOUBLE, b, k + column + LANES);
            DoubleVector factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row]);
            s00 = factor.fma(left, s00);
            s01 = factor.fma(right, s01);
            factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row + 1]);
            s10 = factor.fma(left, s10);
            s11 = factor.fma(right, s11);
            factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row + 2]);
            s20 = factor.fma(left, s20);
            s21 = factor.fma(right, s21);
            factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row + 3]);
            s30 = factor.fma(left, s30);
            s31 = factor.fma(right, s31);
            factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row + 4]);
            s40 = factor.fma(left, s40);
            s41 = factor.fma(right, s41);
            factor = DoubleVector.broadcast(Lanes.DOUBLE, a[k + row + 5]);
            s50 = factor.fma(left, s50);
            s51 = factor.fma(right, s51);
        }
        subtract(s00, s01, tile, at);
        subtract(s10, s11, tile, at + SIDE);
        subtract(s20, s21, tile, at + 2 * SIDE);
        subtract(s30, s31, tile, at + 3 * SIDE);
        subtract(s40, s41, tile, at + 4 * SIDE);
        subtract(s50, s51, tile, at + 5 * SIDE);
    }

    private static void subtract(DoubleVector left, DoubleVector right, double[] tile, int at) {
        DoubleVector.fromArray(Lanes.DOUBLE, tile, at).sub(left).intoArray(tile, at);
        DoubleVector.fromArray(Lanes.DOUBLE, tile, at + LANES).sub(right).intoArray(tile, at + LANES);
    }
}
