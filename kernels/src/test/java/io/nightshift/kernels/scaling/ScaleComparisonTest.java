package io.nightshift.kernels.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ScaleComparisonTest {
    private static ScaleComparison of(long rows, double[] unscaled, double[] scaled) {
        ScaleComparison comparison = new ScaleComparison();
        comparison.add(unscaled, scaled, rows);
        return comparison;
    }

    @Test
    void allRowsSettleEverything() {
        ScaleComparison little = of(2, new double[] {5, 1}, new double[] {1, 4.999});
        assertTrue(little.isSettled());
        assertTrue(little.isGain());
        ScaleComparison none = of(2, new double[] {5, 1}, new double[] {1, 5});
        assertTrue(none.isSettled());
        assertFalse(none.isGain());
    }

    @Test
    void oneRowOfSeveralTellsNothing() {
        assertFalse(of(2, new double[] {5}, new double[] {1}).isSettled());
        assertTrue(of(1, new double[] {5}, new double[] {1}).isSettled());
    }

    @Test
    void whatIsNoNumberIsNeverAGain() {
        ScaleComparison sample = of(8, new double[] {5, 1}, new double[] {1, Double.NaN});
        assertFalse(sample.isSettled());
        assertFalse(of(2, new double[] {5, 1}, new double[] {1, Double.NaN}).isGain());
    }

    /** A row that the sample lacks may outweigh all others; where samples call it settled, hardly any is wrong. */
    @Test
    void settledSamplesAreRight() {
        Random random = new Random(3);
        int settled = 0;
        int wrong = 0;
        for (int run = 0; run < 2000; run++) {
            double shift = 0.5 * random.nextGaussian();
            double[] unscaled = new double[512];
            double[] scaled = new double[unscaled.length];
            for (int i = 0; i < unscaled.length; i++) {
                // Few rows have most of the loss.
                double size = Math.exp(1.5 * random.nextGaussian());
                unscaled[i] = size * (1 + 0.3 * random.nextGaussian());
                scaled[i] = size * (1 - shift + 0.3 * random.nextGaussian());
            }
            boolean gain = of(512, unscaled, scaled).isGain();
            double[] few = every(4, unscaled);
            ScaleComparison sample = of(512, few, every(4, scaled));
            settled += sample.isSettled() ? 1 : 0;
            wrong += sample.isSettled() && sample.isGain() != gain ? 1 : 0;
        }
        assertTrue(settled > 500, settled + " settled");
        assertTrue(wrong <= 2, wrong + " wrong of " + settled);
    }

    private static double[] every(int step, double[] values) {
        double[] taken = new double[values.length / step];
        Arrays.setAll(taken, i -> values[i * step]);
        return taken;
    }

    /** Rows that gain and lose a thousandth: it takes all of them to tell, and makes no difference. */
    @Test
    void whatSurelyGainsLittleIsNoGain() {
        double[] unscaled = new double[100];
        double[] scaled = new double[unscaled.length];
        Arrays.setAll(unscaled, i -> 1 + i % 3);
        Arrays.setAll(scaled, i -> unscaled[i] * (i % 2 == 0 ? 1.001 : 0.9985));
        ScaleComparison little = of(1000, unscaled, scaled);
        assertTrue(little.isSettled());
        assertFalse(little.isGain());
        assertTrue(of(100, unscaled, scaled).isGain());
        Arrays.setAll(scaled, i -> unscaled[i] * (i % 2 == 0 ? 1.3 : 0.65));
        assertFalse(of(1000, unscaled, scaled).isSettled());
    }

    /** Several layers, each with rows of its own, are one sum. */
    @Test
    void layersAreAdded() {
        ScaleComparison comparison = of(100, new double[] {2, 2.1, 2}, new double[] {1, 1.1, 1});
        assertTrue(comparison.isSettled() && comparison.isGain());
        comparison.add(new double[] {1, 1}, new double[] {300, 301}, 2);
        assertTrue(comparison.isSettled());
        assertFalse(comparison.isGain());
    }

    @Test
    void numbersThatDoNotBelongTogetherAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> of(1, new double[2], new double[2]));
        assertThrows(IllegalArgumentException.class, () -> of(2, new double[2], new double[1]));
        assertThrows(IllegalArgumentException.class, () -> of(2, new double[0], new double[0]));
        assertEquals(true, of(1, new double[1], new double[1]).isSettled());
    }
}
