package io.nightshift.kernels.linear;

/** Products of packed rows and packed columns: the loops around {@link TileKernel}, and tiles at the result's edges. */
final class PanelProduct {
    private static final int ROWS = TileKernel.ROWS;
    private static final int COLUMNS = TileKernel.COLUMNS;

    private PanelProduct() {}

    /**
     * Adds the product of all row panels with all column panels to a matrix.
     *
     * @param rows number of rows, {@code columns} of columns: the last panels may be filled in part
     * @param rowPanels the first is at {@code rowsAt}, the next {@code rowsDistance} behind; columns likewise
     * @param result element (0, 0) is at {@code at}, rows are {@code stride} apart
     */
    static void add(int depth, int rows, float[] rowPanels, int rowsAt, int rowsDistance,
            int columns, float[] columnPanels, int columnsAt, int columnsDistance, float[] result, int at, int stride) {
        int count;
        for (int row = 0; row < rows; row += count) {
            count = rowsAtOnce(rows - row);
            addRows(depth, count, rowPanels, rowsAt + row / ROWS * rowsDistance, rowsDistance, 0, columns,
                    columnPanels, columnsAt, columnsDistance, result, at + row * stride, stride);
        }
    }

    /** How many rows {@link #addRows} takes, of so many that are left. */
    static int rowsAtOnce(int left) {
        return TallTile.IS_USED && left >= TallTile.ROWS ? TallTile.ROWS : Math.min(ROWS, left);
    }

    /**
     * Adds the product of one row panel, or of two, with the column panels from that of {@code firstColumn} on.
     *
     * @param rows number of rows: {@link #rowsAtOnce}
     */
    static void addRows(int depth, int rows, float[] rowPanels, int rowsAt, int rowsDistance, int firstColumn, int columns,
            float[] columnPanels, int columnsAt, int columnsDistance, float[] result, int at, int stride) {
        for (int column = firstColumn / COLUMNS * COLUMNS; column < columns; column += COLUMNS) {
            int panel = columnsAt + column / COLUMNS * columnsDistance;
            int width = Math.min(COLUMNS, columns - column);
            if (rows > ROWS && width == COLUMNS) {
                TallTile.multiply(depth, rowPanels, rowsAt, rowsAt + rowsDistance, columnPanels, panel, result, at + column,
                        stride);
                continue;
            }
            for (int row = 0; row < rows; row += ROWS) {
                addTile(depth, rowPanels, rowsAt + row / ROWS * rowsDistance, columnPanels, panel,
                        Math.min(ROWS, rows - row), width, result, at + row * stride + column, stride);
            }
        }
    }

    private static void addTile(int depth, float[] rowPanels, int rowsAt, float[] columnPanels, int columnsAt,
            int rows, int columns, float[] result, int at, int stride) {
        if (rows == ROWS && columns == COLUMNS) {
            TileKernel.multiply(depth, rowPanels, rowsAt, columnPanels, columnsAt, result, at, stride);
        } else {
            addEdge(depth, rowPanels, rowsAt, columnPanels, columnsAt, rows, columns, result, at, stride);
        }
    }

    private static void addEdge(int depth, float[] rowPanels, int rowsAt, float[] columnPanels, int columnsAt,
            int rows, int columns, float[] result, int at, int stride) {
        float[] tile = new float[ROWS * COLUMNS];
        TileKernel.multiply(depth, rowPanels, rowsAt, columnPanels, columnsAt, tile, 0, COLUMNS);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result[at + i * stride + j] += tile[i * COLUMNS + j];
            }
        }
    }
}
