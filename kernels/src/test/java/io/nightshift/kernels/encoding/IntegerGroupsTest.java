package io.nightshift.kernels.encoding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.rounding.Grid;
import io.nightshift.kernels.rounding.IntegerLevels;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntegerGroupsTest {
    @Test
    void asymmetricScalesAndZeroPoints() {
        IntegerGrid grid = new IntegerGroups(4, 4, false, ScaleType.F32)
                .grid(new float[] {-3, 0, 1, 12, 2, 4, 6, 15, 0, 0, 0, 0}, 0, 1, 12, null);
        // Zero belongs to the range even where all weights are positive; a group of zeros has the least span.
        assertEquals(1f, grid.grid().scales()[0]);
        assertEquals(3, grid.zeroPoints()[0]);
        assertEquals(-3f, grid.grid().offsets()[0]);
        assertEquals(1f, grid.grid().scales()[1]);
        assertEquals(0, grid.zeroPoints()[1]);
        assertEquals(1e-5f / 15, grid.grid().scales()[2]);
    }

    @Test
    void symmetricScales() {
        IntegerGrid grid = new IntegerGroups(4, 4, true, ScaleType.F32)
                .grid(new float[] {-15, 0, 1, 12}, 0, 1, 4, null);
        assertEquals(2f, grid.grid().scales()[0]);
        assertEquals(0f, grid.grid().offsets()[0]);
        assertNull(grid.zeroPoints());
        assertEquals(new IntegerLevels(-8, 7), grid.grid().levels());
    }

    @Test
    void scalesAreWhatTheTypeKeeps() {
        float[] weights = {0, 1};
        assertEquals(0.06665f, scale(ScaleType.F16, weights), 1e-5f);
        assertEquals(0.06689453125f, scale(ScaleType.BF16, weights));
        assertEquals(1f / 15, scale(ScaleType.F32, weights));
    }

    private static float scale(ScaleType type, float[] weights) {
        return new IntegerGroups(4, 2, false, type).grid(weights, 0, 1, 2, null).grid().scales()[0];
    }

    @Test
    void limitsClip() {
        Grid grid = new IntegerGroups(4, 4, false, ScaleType.F32)
                .grid(new float[] {-3, 0, 1, 12}, 0, 1, 4, new float[] {6}).grid();
        assertEquals(9f / 15, grid.scales()[0]);
        byte[] levels = new byte[4];
        grid.nearest(new float[] {-3, 0, 1, 12}, 0, levels);
        assertEquals(15, levels[3]);
        assertEquals(5, levels[1]);
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128, 256})
    void everyWeightIsWithinHalfAStep(int groupSize) {
        for (boolean symmetric : new boolean[] {false, true}) {
            float[] weights = BlockInputs.NORMAL.rows(9, 256, 1);
            Grid grid = new IntegerGroups(4, groupSize, symmetric, ScaleType.F16).grid(weights, 0, 9, 256, null).grid();
            byte[] levels = new byte[weights.length];
            float[] rounded = new float[weights.length];
            grid.nearest(weights, 0, levels);
            grid.dequantize(levels, rounded, 0);
            for (int i = 0; i < weights.length; i++) {
                // The largest weights may be another half step away: the zero point and the scale are rounded.
                float step = grid.scales()[i / groupSize];
                assertTrue(Math.abs(rounded[i] - weights[i]) <= 1.01f * step);
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        IntegerGroups groups = new IntegerGroups(4, 32, false, ScaleType.F16);
        assertThrows(IllegalArgumentException.class, () -> groups.grid(new float[48], 0, 1, 48, null));
        float[] huge = new float[32];
        Arrays.fill(huge, 3e6f);
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> groups.grid(huge, 0, 1, 32, null));
        assertTrue(refusal.getMessage().contains("row 0"));
        assertThrows(IllegalArgumentException.class, () -> new IntegerGroups(8, 32, false, ScaleType.F16));
    }
}
