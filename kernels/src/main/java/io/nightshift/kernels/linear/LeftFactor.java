package io.nightshift.kernels.linear;

import java.io.Serializable;

/**
 * A matrix packed once to be multiplied by many panels of columns. A panel is {@link #WIDTH} columns wide, a whole number
 * of vectors, and its rows follow one another: element (k, j) is at {@code k * WIDTH + j}. Each element of a product is one
 * chain of fused multiply-adds over the depth, from zero, whatever the width.
 */
public final class LeftFactor implements Serializable {
    private static final long serialVersionUID = 1;

    /** Columns a panel. */
    public static final int WIDTH = TileKernel.COLUMNS;

    private final int rows;
    private final int depth;
    private final float[] panels;

    private LeftFactor(int rows, int depth, float[] panels) {
        this.rows = rows;
        this.depth = depth;
        this.panels = panels;
    }

    /** Rows of the product's panels: those of the matrix, and zeros to a whole number of tiles. */
    public static int paddedRows(int rows) {
        return Panels.count(rows, TileKernel.ROWS) * TileKernel.ROWS;
    }

    /**
     * Packs a matrix.
     *
     * @param source element (i, k) is at {@code at + i * stride + k}
     */
    public static LeftFactor pack(int rows, int depth, float[] source, int at, int stride) {
        float[] panels = new float[Math.multiplyExact(paddedRows(rows), depth)];
        Panels.transpose(rows, depth, source, at, stride, TileKernel.ROWS, panels, 0, TileKernel.ROWS * depth);
        return new LeftFactor(rows, depth, panels);
    }

    /**
     * Adds the product with one panel to another panel.
     *
     * @param right {@code depth} rows of a panel
     * @param result {@link #paddedRows} rows of a panel
     */
    public void addProduct(float[] right, int rightAt, float[] result, int resultAt) {
        for (int row = 0; row < rows; row += TileKernel.ROWS) {
            TileKernel.multiply(
                    depth, panels, row * depth, right, rightAt, result, resultAt + row * WIDTH, WIDTH);
        }
    }
}
