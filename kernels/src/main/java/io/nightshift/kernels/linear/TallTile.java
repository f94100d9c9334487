package io.nightshift.kernels.linear;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * The product of {@link TileKernel} for two panels of rows at once, where vectors are of 512 bits: such processors have 32
 * registers, so that the columns' vectors are loaded half as often. Each element is the same chain of multiply-adds.
 */
final class TallTile {
    /** Whether there are registers for it. */
    static final boolean IS_USED = Lanes.COUNT == 16;

    /** Rows of a tile: 24 sums, two columns' vectors and a factor. */
    static final int ROWS = 2 * TileKernel.ROWS;

    private TallTile() {}

    /**
     * Adds a product to a tile of the result: the sum over the depth starts from zero and is then added.
     *
     * @param depth number of terms
     * @param rows two panels: {@link TileKernel#ROWS} factors a term
     * @param columns a panel: {@link TileKernel#COLUMNS} factors a term
     * @param tile the tile's first element is at {@code at}, its rows {@code stride} apart
     */
    static void multiply(int depth, float[] rows, int firstAt, int secondAt, float[] columns, int columnsAt, float[] tile,
            int at, int stride) {
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
        FloatVector s60 = zero;
        FloatVector s61 = zero;
        FloatVector s70 = zero;
        FloatVector s71 = zero;
        FloatVector s80 = zero;
        FloatVector s81 = zero;
        FloatVector s90 = zero;
        FloatVector s91 = zero;
        FloatVector sa0 = zero;
        FloatVector sa1 = zero;
        FloatVector sb0 = zero;
        FloatVector sb1 = zero;
        for (int k = 0; k < depth; k++) {
            FloatVector left = FloatVector.fromArray(Lanes.FLOAT, columns, columnsAt + k * TileKernel.COLUMNS);
            FloatVector right = FloatVector.fromArray(Lanes.FLOAT, columns, columnsAt + k * TileKernel.COLUMNS + Lanes.COUNT);
            int row = firstAt + k * TileKernel.ROWS;
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
            row = secondAt + k * TileKernel.ROWS;
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row]);
            s60 = factor.fma(left, s60);
            s61 = factor.fma(right, s61);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 1]);
            s70 = factor.fma(left, s70);
            s71 = factor.fma(right, s71);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 2]);
            s80 = factor.fma(left, s80);
            s81 = factor.fma(right, s81);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 3]);
            s90 = factor.fma(left, s90);
            s91 = factor.fma(right, s91);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 4]);
            sa0 = factor.fma(left, sa0);
            sa1 = factor.fma(right, sa1);
            factor = FloatVector.broadcast(Lanes.FLOAT, rows[row + 5]);
            sb0 = factor.fma(left, sb0);
            sb1 = factor.fma(right, sb1);
        }
        // Additions in a method of their own would not be expanded here, and vectors would become objects.
        int to = at;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s00).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s01).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s10).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s11).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s20).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s21).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s30).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s31).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s40).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s41).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s50).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s51).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s60).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s61).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s70).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s71).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s80).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s81).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(s90).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(s91).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(sa0).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(sa1).intoArray(tile, to + Lanes.COUNT);
        to += stride;
        FloatVector.fromArray(Lanes.FLOAT, tile, to).add(sb0).intoArray(tile, to);
        FloatVector.fromArray(Lanes.FLOAT, tile, to + Lanes.COUNT).add(sb1).intoArray(tile, to + Lanes.COUNT);
    }
}
