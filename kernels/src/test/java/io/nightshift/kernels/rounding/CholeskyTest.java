package io.nightshift.kernels.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.parallel.Workers;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CholeskyTest {
    private static final int SIDE = DoubleTiles.SIDE;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void factorTimesItselfIsTheMatrix(int side) {
        double[][] matrix = positiveDefinite(side * SIDE);
        double[][] tiles = tiles(matrix, side);
        assertTrue(factorise(tiles, side, 1));
        int n = side * SIDE;
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                double sum = 0;
                for (int k = 0; k <= i; k++) {
                    sum += element(tiles, side, k, i) * element(tiles, side, k, j);
                }
                assertEquals(matrix[i][j], sum, 1e-12 * n);
            }
        }
    }

    @Test
    void threadsDoNotChangeBits() {
        double[][] matrix = positiveDefinite(3 * SIDE);
        double[][] alone = tiles(matrix, 3);
        double[][] together = tiles(matrix, 3);
        assertTrue(factorise(alone, 3, 1));
        assertTrue(factorise(together, 3, 3));
        for (int i = 0; i < alone.length; i++) {
            assertArrayEquals(alone[i], together[i]);
        }
    }

    @Test
    void matrixThatIsNotPositiveDefiniteIsRefused() {
        double[][] matrix = positiveDefinite(2 * SIDE);
        matrix[150][150] = -1;
        assertFalse(factorise(tiles(matrix, 2), 2, 1));
        matrix[150][150] = Double.NaN;
        assertFalse(factorise(tiles(matrix, 2), 2, 1));
    }

    private static boolean factorise(double[][] tiles, int side, int threads) {
        try (Workers workers = new Workers(threads)) {
            return Cholesky.factorise(tiles, side, 0x1p-23, workers);
        }
    }

    private static double[][] positiveDefinite(int n) {
        SplittableRandom random = new SplittableRandom(n);
        double[][] matrix = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                matrix[i][j] = random.nextDouble() - 0.5;
                matrix[j][i] = matrix[i][j];
            }
            matrix[i][i] = n * (0.5 + random.nextDouble());
        }
        return matrix;
    }

    private static double[][] tiles(double[][] matrix, int side) {
        double[][] tiles = new double[side * (side + 1) / 2][SIDE * SIDE];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = i / SIDE * SIDE; j < matrix.length; j++) {
                tiles[Cholesky.index(side, i / SIDE, j / SIDE)][i % SIDE * SIDE + j % SIDE] = matrix[i][j];
            }
        }
        return tiles;
    }

    private static double element(double[][] tiles, int side, int i, int j) {
        return tiles[Cholesky.index(side, i / SIDE, j / SIDE)][i % SIDE * SIDE + j % SIDE];
    }
}
