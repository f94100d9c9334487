package io.nightshift.kernels.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.ScaleType;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.reference.ScalarGptq;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorFeedbackTest {
    private static final IntegerGroups FOUR_BITS = new IntegerGroups(4, 32, false, ScaleType.F16);

    private final Workers workers = new Workers(1);

    static List<Grid> grids() {
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 5);
        Grid integers = FOUR_BITS.grid(weights, 0, 37, 160, null).grid();
        Grid symmetric = new IntegerGroups(3, 160, true, ScaleType.BF16).grid(weights, 0, 37, 160, null).grid();
        float[] scales = new float[37];
        Arrays.fill(scales, -0.05f);
        Grid table = new Grid(new TableLevels(-1, -0.4f, -0.1f, 0.2f, 0.7f, 1.2f), 37, 160, 160, scales, new float[37]);
        return List.of(integers, symmetric, table);
    }

    @AfterEach
    void closeWorkers() {
        workers.close();
    }

    @ParameterizedTest
    @MethodSource("grids")
    void roundsAsGptqDoes(Grid grid) {
        GramMatrix gram = CorrelatedInputs.gram(500, 160, 1);
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 5);
        assertArrayEquals(ScalarGptq.round(gram, 0.01, weights, grid), round(gram, weights, null, grid));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 33, 95, 96, 97, 193, 320})
    void losesLessThanNearestRounding(int channels) {
        GramMatrix gram = CorrelatedInputs.gram(400, channels, channels);
        float[] weights = BlockInputs.NORMAL.rows(40, channels, 6);
        Grid grid = new IntegerGroups(3, channels, false, ScaleType.F16).grid(weights, 0, 40, channels, null).grid();
        byte[] nearest = new byte[weights.length];
        grid.nearest(weights, 0, nearest);
        double withoutFeedback = loss(gram, weights, grid, nearest);
        double withFeedback = loss(gram, weights, grid, round(gram, weights, null, grid));
        // Of one channel there is nothing to make up for.
        assertTrue(channels == 1 ? withFeedback == withoutFeedback : withFeedback < 0.7 * withoutFeedback,
                withFeedback + " of " + withoutFeedback);
    }

    @Test
    void rowsAndThreadsMayBeSplitInAnyWay() {
        GramMatrix gram = CorrelatedInputs.gram(300, 192, 2);
        FeedbackFactor factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
        float[] weights = BlockInputs.NORMAL.rows(71, 192, 7);
        Grid grid = FOUR_BITS.grid(weights, 0, 71, 192, null).grid();
        byte[] whole = new byte[weights.length];
        try (Workers three = new Workers(3)) {
            FeedbackFactor sameFactor = FeedbackFactor.of(gram, null, Damping.DEFAULT, three);
            ErrorFeedback.round(sameFactor, weights, 0, grid, whole, three);
        }
        for (int step : new int[] {1, 7, 32, 40}) {
            byte[] parts = new byte[weights.length];
            for (int row = 0; row < 71; row += step) {
                int rows = Math.min(step, 71 - row);
                Grid part = FOUR_BITS.grid(weights, row * 192, rows, 192, null).grid();
                byte[] levels = new byte[rows * 192];
                ErrorFeedback.round(factor, weights, row * 192, part, levels, workers);
                System.arraycopy(levels, 0, parts, row * 192, levels.length);
            }
            assertArrayEquals(whole, parts);
        }
    }

    /** The digest was taken at 512 bits; the tests run at 128, 256 and 512. */
    @Test
    void bytesAreTheSameAtEveryWidthOfVectors() {
        float[] weights = BlockInputs.BF16_NORMAL.rows(50, 416, 8);
        Grid grid = FOUR_BITS.grid(weights, 0, 50, 416, null).grid();
        CRC32 digest = new CRC32();
        digest.update(round(CorrelatedInputs.gram(300, 416, 3), weights, null, grid));
        assertEquals("e247da45", String.format("%08x", digest.getValue()));
    }

    @Test
    void scalesOfTheFactorAreThoseOfTheInputs() {
        float[] activations = CorrelatedInputs.activations(500, 160, 4);
        float[] scaled = activations.clone();
        float[] scales = new float[160];
        for (int i = 0; i < scaled.length; i++) {
            scales[i % 160] = 1 << i % 160 % 3;
            scaled[i] /= scales[i % 160];
        }
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 9);
        Grid grid = FOUR_BITS.grid(weights, 0, 37, 160, null).grid();
        byte[] levels = round(CorrelatedInputs.gram(activations, 500, 160), weights, scales, grid);
        // Powers of two divide without error.
        assertArrayEquals(round(CorrelatedInputs.gram(scaled, 500, 160), weights, null, grid), levels);
    }

    /** With U's pivots the loss falls apart into what each column adds, whatever came before it. */
    @Test
    void residualsAndMovedWeightsGiveTheLoss() {
        GramMatrix gram = CorrelatedInputs.gram(500, 160, 12);
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 13);
        Grid grid = FOUR_BITS.grid(weights, 0, 37, 160, null).grid();
        FeedbackFactor factor = FeedbackFactor.of(gram, null, new Damping(0, 10), workers);
        assertEquals(0, factor.damping());
        byte[] levels = new byte[weights.length];
        float[] moved = new float[weights.length];
        ErrorFeedback.round(factor, weights, 0, grid, levels, moved, workers);
        byte[] same = new byte[weights.length];
        ErrorFeedback.round(factor, weights, 0, grid, same, workers);
        assertArrayEquals(same, levels);
        float[] values = new float[weights.length];
        grid.dequantize(levels, values, 0);
        float[] residuals = factor.residuals();
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            double change = (double) values[i] - moved[i];
            sum += residuals[i % 160] * change * change;
        }
        double loss = loss(gram, weights, grid, levels);
        assertEquals(loss, sum, 1e-3 * loss);
        for (int i = 0; i < 160; i++) {
            assertTrue(residuals[i] > 0 && residuals[i] <= gram.get(i, i) * 1.0001, "channel " + i);
        }
    }

    @Test
    void tokensFewerThanChannelsAreEnough() {
        GramMatrix gram = CorrelatedInputs.gram(20, 160, 5);
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 10);
        Grid grid = FOUR_BITS.grid(weights, 0, 37, 160, null).grid();
        byte[] nearest = new byte[weights.length];
        grid.nearest(weights, 0, nearest);
        double withFeedback = loss(gram, weights, grid, round(gram, weights, null, grid));
        assertTrue(withFeedback < 0.1 * loss(gram, weights, grid, nearest));
        assertEquals(0.01, FeedbackFactor.of(gram, null, Damping.DEFAULT, workers).damping());
    }

    @Test
    void dampingIsRaisedWhereItIsNotEnoughAndSaidSo() {
        GramMatrix gram = CorrelatedInputs.gram(20, 160, 5);
        FeedbackFactor factor = FeedbackFactor.of(gram, null, new Damping(0, 10), workers);
        assertEquals(1e-4, factor.damping());
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> FeedbackFactor.of(gram, null, new Damping(0, 0), workers));
        assertTrue(refusal.getMessage().contains("not positive definite"));
    }

    @Test
    void channelWithoutInputIsRoundedToNearestAndGivesNothing() {
        float[] activations = CorrelatedInputs.activations(500, 160, 6);
        float[] weights = BlockInputs.NORMAL.rows(37, 160, 11);
        for (int i = 40; i < activations.length; i += 160) {
            activations[i] = 0;
        }
        GramMatrix gram = CorrelatedInputs.gram(activations, 500, 160);
        Grid grid = FOUR_BITS.grid(weights, 0, 37, 160, null).grid();
        byte[] nearest = new byte[weights.length];
        grid.nearest(weights, 0, nearest);
        byte[] levels = round(gram, weights, null, grid);
        for (int row = 0; row < 37; row++) {
            assertEquals(nearest[row * 160 + 40], levels[row * 160 + 40]);
        }
        assertEquals(1, FeedbackFactor.of(gram, null, Damping.DEFAULT, workers).silentChannels());
    }

    @Test
    void layerWithoutAnyInputIsRoundedToNearest() {
        GramMatrix gram = CorrelatedInputs.gram(new float[160], 1, 160);
        float[] weights = BlockInputs.NORMAL.rows(3, 160, 12);
        Grid grid = FOUR_BITS.grid(weights, 0, 3, 160, null).grid();
        byte[] nearest = new byte[weights.length];
        grid.nearest(weights, 0, nearest);
        assertArrayEquals(nearest, round(gram, weights, null, grid));
        assertEquals(160, FeedbackFactor.of(gram, null, new Damping(0, 0), workers).silentChannels());
    }

    @Test
    void damagedStatisticsAreRefused() {
        float[] rows = {1, 0, 0, -2};
        assertThrows(IllegalArgumentException.class, () -> factor(rows, 2));
        rows[3] = Float.NaN;
        assertThrows(IllegalArgumentException.class, () -> factor(rows, 2));
        float[] notPositive = {1, 100, 100, 1};
        assertThrows(IllegalArgumentException.class, () -> factor(notPositive, 2));
    }

    @Test
    void otherNumberOfChannelsIsRefused() {
        float[] weights = new float[64];
        Grid grid = FOUR_BITS.grid(weights, 0, 1, 64, null).grid();
        FeedbackFactor factor = FeedbackFactor.of(CorrelatedInputs.gram(10, 32, 1), null, Damping.DEFAULT, workers);
        byte[] levels = new byte[64];
        assertThrows(IllegalArgumentException.class,
                () -> ErrorFeedback.round(factor, weights, 0, grid, levels, workers));
    }

    private FeedbackFactor factor(float[] rows, int channels) {
        return FeedbackFactor.of(GramMatrix.of(rows, channels, 32), null, Damping.DEFAULT, workers);
    }

    private byte[] round(GramMatrix gram, float[] weights, float[] scales, Grid grid) {
        byte[] levels = new byte[weights.length];
        FeedbackFactor factor = FeedbackFactor.of(gram, scales, Damping.DEFAULT, workers);
        ErrorFeedback.round(factor, weights, 0, grid, levels, workers);
        return levels;
    }

    private static double loss(GramMatrix gram, float[] weights, Grid grid, byte[] levels) {
        float[] changes = new float[weights.length];
        grid.dequantize(levels, changes, 0);
        for (int i = 0; i < changes.length; i++) {
            changes[i] -= weights[i];
        }
        return CorrelatedInputs.loss(changes, grid.rows(), gram);
    }
}
