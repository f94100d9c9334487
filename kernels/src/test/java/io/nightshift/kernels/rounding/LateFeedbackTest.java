package io.nightshift.kernels.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LateFeedbackTest {
    private static final int ROWS = 37;
    private static final IntegerLevels LEVELS = new IntegerLevels(-4, 3);

    private final Workers workers = new Workers(1);

    @AfterEach
    void closeWorkers() {
        workers.close();
    }

    /** Scales that are known before, whatever weights arrive; keeps what arrived. */
    private static final class Recording implements LateGrid {
        private final int columns;
        private final int size;
        private final float[] moved;

        Recording(int columns, int size) {
            this.columns = columns;
            this.size = size;
            this.moved = new float[ROWS * columns];
        }

        static float scale(int row, int group) {
            return 0.2f + 0.01f * (row % 7) + 0.02f * group;
        }

        @Override
        public int columns() {
            return columns;
        }

        @Override
        public int groups() {
            return (columns + size - 1) / size;
        }

        @Override
        public int first(int group) {
            return group * size;
        }

        @Override
        public Levels levels(int group) {
            return LEVELS;
        }

        @Override
        public void choose(
                int group, int firstRow, int rows, float[] weights, int width, float[] importance, float[] scales) {
            for (int row = 0; row < rows; row++) {
                scales[row] = scale(firstRow + row, group);
                for (int i = 0; i < importance.length; i++) {
                    moved[(firstRow + row) * columns + first(group) + i] = weights[i * width + row];
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {320, 192, 500})
    void oneGroupIsAFixedGrid(int channels) {
        GramMatrix gram = CorrelatedInputs.gram(700, channels, 1);
        FeedbackFactor factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, workers);
        float[] weights = BlockInputs.NORMAL.rows(ROWS, channels, 5);
        float[] scales = new float[ROWS];
        for (int row = 0; row < ROWS; row++) {
            scales[row] = Recording.scale(row, 0);
        }
        byte[] expected = new byte[weights.length];
        Grid grid = new Grid(LEVELS, ROWS, channels, channels, scales, new float[ROWS]);
        ErrorFeedback.round(factor, weights, 0, grid, expected, workers);
        byte[] levels = new byte[weights.length];
        LateFeedback.round(factor, weights, 0, ROWS, new Recording(channels, channels), levels, workers);
        assertArrayEquals(expected, levels);
    }

    /** Groups within blocks, over one edge of a block and over two; the last one short. */
    @ParameterizedTest
    @ValueSource(ints = {1, 32, 64, 96, 100, 128, 224})
    void aGroupIsReachedWithTheWeightsAsTheColumnsBeforeItHaveMovedThem(int size) {
        int channels = 352;
        float[] activations = CorrelatedInputs.activations(900, channels, 3);
        GramMatrix gram = CorrelatedInputs.gram(activations, 900, channels);
        FeedbackFactor factor = FeedbackFactor.of(gram, null, new Damping(0.12, 10), workers);
        float[] weights = BlockInputs.NORMAL.rows(ROWS, channels, 6);
        Recording grid = new Recording(channels, size);
        byte[] levels = new byte[weights.length];
        LateFeedback.round(factor, weights, 0, ROWS, grid, levels, workers);
        int[] order = factor.roundingOrder();
        double[][] inverse = regression(gram, order);
        for (int row = 0; row < ROWS; row++) {
            double[] left = new double[channels];
            for (int i = 0; i < channels; i++) {
                left[i] = weights[row * channels + order[i]];
            }
            for (int i = 0; i < channels; i++) {
                if (i % size == 0) {
                    for (int j = i; j < Math.min(channels, i + size); j++) {
                        assertEquals(left[j], grid.moved[row * channels + j], 2e-4, "row " + row + " place " + j);
                    }
                }
                double value = levels[row * channels + order[i]] * Recording.scale(row, i / size);
                double error = (left[i] - value) / inverse[i][i];
                for (int j = i; j < channels; j++) {
                    left[j] -= error * inverse[i][j];
                }
            }
        }
    }

    /** The upper factor of the inverse of the damped H in rounding order, as GPTQ has it: from the last row upwards. */
    private static double[][] regression(GramMatrix gram, int[] order) {
        int n = order.length;
        double mean = 0;
        for (int i = 0; i < n; i++) {
            mean += gram.get(i, i) / (double) n;
        }
        // H = L·Lᵀ with the places in reverse order gives the factor of the inverse by inverting L.
        double[][] lower = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = gram.get(order[n - 1 - i], order[n - 1 - j]) + (i == j ? 0.12 * mean : 0);
                for (int k = 0; k < j; k++) {
                    sum -= lower[i][k] * lower[j][k];
                }
                lower[i][j] = i == j ? Math.sqrt(sum) : sum / lower[j][j];
            }
        }
        double[][] inverted = new double[n][n];
        for (int column = 0; column < n; column++) {
            for (int i = column; i < n; i++) {
                double sum = i == column ? 1 : 0;
                for (int k = column; k < i; k++) {
                    sum -= lower[i][k] * inverted[k][column];
                }
                inverted[i][column] = sum / lower[i][i];
            }
        }
        double[][] upper = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                upper[i][j] = inverted[n - 1 - i][n - 1 - j];
            }
        }
        return upper;
    }

    @Test
    void rowsAndThreadsMayBeSplitInAnyWay() {
        int channels = 352;
        FeedbackFactor factor =
                FeedbackFactor.of(CorrelatedInputs.gram(400, channels, 2), null, Damping.DEFAULT, workers);
        float[] weights = BlockInputs.NORMAL.rows(ROWS, channels, 7);
        byte[] whole = new byte[weights.length];
        Recording grid = new Recording(channels, 128);
        try (Workers three = new Workers(3)) {
            LateFeedback.round(factor, weights, 0, ROWS, grid, whole, three);
        }
        byte[] again = new byte[weights.length];
        Recording other = new Recording(channels, 128);
        LateFeedback.round(factor, weights, 0, ROWS, other, again, workers);
        assertArrayEquals(whole, again);
        assertArrayEquals(grid.moved, other.moved);
        // A row's scale hangs on its number here: rounding the first rows alone must give the same.
        byte[] some = new byte[5 * channels];
        LateFeedback.round(factor, weights, 0, 5, new Recording(channels, 128), some, workers);
        assertArrayEquals(Arrays.copyOf(whole, some.length), some);
    }
}
