package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import java.util.Arrays;

/** Rounds each group to its own grid. */
final class NearestIntegers implements NearestRounding {
    private final IntegerGroups groups;

    NearestIntegers(IntegerGroups groups) {
        this.groups = groups;
    }

    @Override
    public void round(float[] weights, int at, int rows, int columns, float[] importance, float[] rounded) {
        round(groups.grid(weights, at, rows, columns, null).grid(), weights, at, rounded);
    }

    /** Rounds each weight to the nearest value of its group. */
    static void round(Grid grid, float[] weights, int at, float[] rounded) {
        int size = grid.groupSize();
        int padded = (size + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
        float[] group = new float[padded];
        float[] scales = new float[padded];
        float[] offsets = new float[padded];
        float[] values = new float[padded];
        int[] levels = new int[padded];
        for (int i = 0; i < grid.scales().length; i++) {
            System.arraycopy(weights, at + i * size, group, 0, size);
            Arrays.fill(scales, grid.scales()[i]);
            Arrays.fill(offsets, grid.offsets()[i]);
            grid.levels().round(group, 0, padded, scales, offsets, 0, levels, values);
            System.arraycopy(values, 0, rounded, i * size, size);
        }
    }
}
