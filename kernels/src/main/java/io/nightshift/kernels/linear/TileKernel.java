package io.nightshift.kernels.linear;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * The innermost product: a tile of {@value #ROWS} rows and two vectors of columns, held in registers (the micro-kernel
 * of Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008). Lanes are columns, so each
 * element is one chain of fused multiply-adds over the depth, whatever the width of a vector.
 */
final class TileKernel {
    /** Rows of a tile: twelve sums, two columns' vectors and a factor fit sixteen registers. */
    static final int ROWS = 6;

    /** Columns of a tile. */
    static final int COLUMNS = 2 * Lanes.COUNT;

    private TileKernel() {}

    /**
     * Adds a product to a tile of the result: the sum over the depth starts from zero and is then added.
     *
     * @param depth number of terms
     * @param rows a panel: {@link #ROWS} factors a term
     * @param columns a panel: {@link #COLUMNS} factors a term
     * @param tile the tile's first element is at {@code at}, its rows {@code stride} apart
     */
    static void multiply(
            int depth, float[] rows, int rowsAt, float[] columns, int columnsAt, float[] tile, int at, int stride) {
        FloatVector zero = FloatVector.zero(Lanes.FLOAT);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        for (int k = 0; k < depth; k++) {
            FloatVector left = FloatVector.fromArray(Lanes.FLOAT, columns, columnsAt + k * COLUMNS);
            FloatVector right = FloatVector.fromArray(Lanes.FLOAT, columns, columnsAt + k * COLUMNS + Lanes.COUNT);
            int row = rowsAt + k * ROWS;
            FloatVector factor = FloatVector.broadcast(Lanes.FLOAT, rows[row]);
            s00 = factor.fma(left, s00);
            s01 = factor.fma(right, s01);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 1]);
            s10 = factor.fma(left, s10);
            s11 = factor.fma(right, s11);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 2]);
            s20 = factor.fma(left, s20);
            s21 = factor.fma(right, s21);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 3]);
            s30 = factor.fma(left, s30);
            s31 = factor.fma(right, s31);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 4]);
            s40 = factor.fma(left, s40);
            s41 = factor.fma(right, s41);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 5]);
            s50 = factor.fma(left, s50);
            s51 = factor.fma(right, s51);
        }
        add(s00, s01, tile, at);
        add(s10, s11, tile, at + stride);
        add(s20, s21, tile, at + 2 * stride);
        add(s30, s31, tile, at + 3 * stride);
        add(s40, s41, tile, at + 4 * stride);
        add(s50, s51, tile, at + 5 * stride);
    }

    private static void add(FloatVector left, FloatVector right, float[] tile, int at) {
        FloatVector.fromArray(Lanes.FLOAT, tile, at).add(left).intoArray(tile, at);
        FloatVector.fromArray(Lanes.FLOAT, tile, at + Lanes.COUNT).add(right).intoArray(tile, at + Lanes.COUNT);
    }
}
