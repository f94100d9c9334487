package io.nightshift.kernels.rounding;

/** Rounds each group to its own grid of integers. */
final class NearestIntegers implements NearestRounding {
    private final IntegerGroups groups;
    private byte[] levels = {};

    NearestIntegers(IntegerGroups groups) {
        this.groups = groups;
    }

    @Override
    public void round(float[] weights, int at, int rows, int columns, float[] importance, float[] rounded) {
        if (levels.length < rows * columns) {
            levels = new byte[rows * columns];
        }
        Grid grid = groups.grid(weights, at, rows, columns, null).grid();
        grid.nearest(weights, at, levels);
        grid.dequantize(levels, rounded, 0);
    }
}
