package io.nightshift.kernels.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.linear.GroupLoss;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Grid;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ClipSearchTest {
    private static final int GROUP = 32;
    private static final int CHANNELS = 96;
    private static final int ROWS = 70;

    private final IntegerGroups groups = new IntegerGroups(3, GROUP, false, ScaleType.F16);
    private final GramMatrix gram = CorrelatedInputs.gram(300, CHANNELS, 1);
    private final float[] weights = BlockInputs.NORMAL.rows(ROWS, CHANNELS, 3);

    @Test
    void limitsAreTheBestOfTen() {
        float[] limits = limits(1);
        int clipped = 0;
        for (int row = 0; row < ROWS; row++) {
            for (int group = 0; group < CHANNELS / GROUP; group++) {
                int at = row * CHANNELS + group * GROUP;
                float largest = 0;
                for (int i = at; i < at + GROUP; i++) {
                    largest = Math.max(largest, Math.abs(weights[i]));
                }
                float limit = limits[row * CHANNELS / GROUP + group];
                double found = plainLoss(at, group, limit);
                for (int step = 0; step < 10; step++) {
                    assertTrue(found <= plainLoss(at, group, largest * (1 - step / 20f)) * (1 + 1e-4));
                }
                clipped += limit < largest ? 1 : 0;
            }
        }
        assertTrue(clipped > ROWS, clipped + " groups clipped");
    }

    @Test
    void threadsAndRowsDoNotChangeBits() {
        float[] limits = limits(3);
        assertArrayEquals(limits(1), limits);
        try (Workers workers = new Workers(1)) {
            float[] last = ClipSearch.limits(GroupLoss.of(gram, GROUP), groups, weights, 69 * CHANNELS, 1, CHANNELS, workers);
            assertArrayEquals(Arrays.copyOfRange(limits, limits.length - 3, limits.length), last);
        }
    }

    @Test
    void groupOfZerosIsLeft() {
        Arrays.fill(weights, 0, GROUP, 0);
        assertEquals(0f, limits(1)[0]);
    }

    private float[] limits(int threads) {
        try (Workers workers = new Workers(threads)) {
            return ClipSearch.limits(GroupLoss.of(gram, GROUP), groups, weights, 0, ROWS, CHANNELS, workers);
        }
    }

    /** Rounds to the grid of the clipped group, and takes the loss of this group's change alone. */
    private double plainLoss(int at, int group, float limit) {
        float[] clipped = new float[GROUP];
        for (int i = 0; i < GROUP; i++) {
            clipped[i] = Math.max(-limit, Math.min(limit, weights[at + i]));
        }
        Grid grid = groups.grid(clipped, 0, 1, GROUP, null).grid();
        byte[] levels = new byte[GROUP];
        grid.nearest(Arrays.copyOfRange(weights, at, at + GROUP), 0, levels);
        float[] change = new float[CHANNELS];
        grid.dequantize(levels, change, group * GROUP);
        for (int i = 0; i < GROUP; i++) {
            change[group * GROUP + i] -= weights[at + i];
        }
        return CorrelatedInputs.loss(change, 1, gram);
    }
}
