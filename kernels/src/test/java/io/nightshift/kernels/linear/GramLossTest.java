package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GramLossTest {
    private static final int ROWS = 45;

    @ParameterizedTest
    @ValueSource(ints = {1, 50, 96, 130, 288})
    void lossIsThatOfTheOutputs(int channels) {
        float[] activations = CorrelatedInputs.activations(70, channels, 1);
        float[] changes = BlockInputs.NORMAL.rows(ROWS, channels, 2);
        double[] losses;
        try (Workers workers = new Workers(1)) {
            GramLoss loss = GramLoss.of(CorrelatedInputs.gram(activations, 70, channels), workers);
            losses = loss.ofRows(changes, 0, ROWS, workers);
        }
        for (int row = 0; row < ROWS; row++) {
            double expected = 0;
            for (int token = 0; token < 70; token++) {
                double output = 0;
                for (int i = 0; i < channels; i++) {
                    output += (double) changes[row * channels + i] * activations[token * channels + i];
                }
                expected += output * output;
            }
            assertEquals(expected, losses[row], 1e-4 * expected);
        }
    }

    @Test
    void rowsAreIndependent() {
        GramMatrix gram = CorrelatedInputs.gram(70, 130, 1);
        float[] changes = BlockInputs.NORMAL.rows(ROWS, 130, 2);
        try (Workers one = new Workers(1); Workers three = new Workers(3)) {
            double[] whole = GramLoss.of(gram, three).ofRows(changes, 0, ROWS, three);
            GramLoss loss = GramLoss.of(gram, one);
            for (int row = 0; row < ROWS; row++) {
                assertEquals(whole[row], loss.ofRows(changes, row * 130, 1, one)[0]);
            }
            assertThrows(IndexOutOfBoundsException.class, () -> loss.ofRows(changes, 0, ROWS + 1, one));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 32, 160})
    void groupsCountByThemselves(int size) {
        GramMatrix gram = CorrelatedInputs.gram(70, 160, 1);
        float[] changes = BlockInputs.NORMAL.rows(ROWS, 160, 2);
        double[] losses = GroupLoss.of(gram, size).ofGroups(changes, 0, ROWS);
        int groups = 160 / size;
        for (int group = 0; group < groups; group++) {
            for (int row = 0; row < ROWS; row++) {
                float[] alone = new float[160];
                System.arraycopy(changes, row * 160 + group * size, alone, group * size, size);
                double expected = CorrelatedInputs.loss(alone, 1, gram);
                assertEquals(expected, losses[row * groups + group], 1e-4 * expected);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> GroupLoss.of(gram, 33));
    }

    @Test
    void matricesOfOtherBlocksAreTheSame() {
        GramMatrix gram = CorrelatedInputs.gram(70, 130, 1);
        float[] rows = new float[130 * 130];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = gram.get(i / 130, i % 130);
            assertEquals(rows[i], gram.get(i % 130, i / 130));
        }
        GramMatrix other = GramMatrix.of(rows, 130, 32);
        assertArrayEquals(gram.diagonal(), other.diagonal());
        float[] square = new float[50 * 50];
        float[] otherSquare = new float[50 * 50];
        gram.diagonalSquare(60, 50, square);
        other.diagonalSquare(60, 50, otherSquare);
        assertArrayEquals(square, otherSquare);
        assertThrows(IllegalArgumentException.class,
                () -> new GramMatrix(131, 32, Arrays.copyOf(other.blocks(), other.blocks().length - 1)));
    }
}
