package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class GramMatrixTest {
    private static final int CHANNELS = 7;

    private static GramMatrix matrix(int size, int of) {
        float[] rows = new float[CHANNELS * CHANNELS];
        for (int i = 0; i < CHANNELS; i++) {
            for (int j = 0; j < CHANNELS; j++) {
                rows[i * CHANNELS + j] = of + i * j + (i == j ? 10 : 0);
            }
        }
        return GramMatrix.of(rows, CHANNELS, size);
    }

    /** Whatever the sizes of their blocks. */
    @Test
    void twoAreAddedUpElementByElement() {
        GramMatrix sum = matrix(3, 1).plus(0.5, matrix(4, 2), 2);
        for (int i = 0; i < CHANNELS; i++) {
            for (int j = 0; j < CHANNELS; j++) {
                assertEquals(0.5 * 1 + 2 * 2 + 2.5 * i * j + (i == j ? 25 : 0), sum.get(i, j), 1e-5, i + ", " + j);
            }
        }
    }

    @Test
    void theMeanSquareIsThatOfTheDiagonal() {
        // 1 + 10 + (0 + 1 + 4 + 9 + 16 + 25 + 36) / 7
        assertEquals(11 + 91 / 7.0, matrix(3, 1).meanSquare(), 1e-6);
    }

    @Test
    void otherChannelsAreRefused() {
        GramMatrix one = GramMatrix.of(new float[] {1}, 1, 1);
        assertThrows(IllegalArgumentException.class, () -> matrix(3, 1).plus(1, one, 1));
    }
}
