package io.nightshift.kernels.reference;

import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.rounding.Grid;
import java.util.stream.IntStream;

/**
 * GPTQ as its paper has it (Frantar et al., 2022, algorithm 1, and activation order), plainly and in double precision: the
 * inverse of the damped H, the upper Cholesky factor of the inverse, one column after another.
 */
public final class ScalarGptq {
    private ScalarGptq() {}

    /** Levels for rows of weights. */
    public static byte[] round(GramMatrix gram, double damping, float[] weights, Grid grid) {
        int n = gram.channels();
        int[] order = IntStream.range(0, n).boxed()
                .sorted((a, b) -> gram.get(a, a) != gram.get(b, b)
                        ? Float.compare(gram.get(b, b), gram.get(a, a)) : Integer.compare(b, a))
                .mapToInt(Integer::intValue).toArray();
        double[][] upper = upperFactor(inverse(damped(gram, order, damping)));
        byte[] levels = new byte[weights.length];
        for (int row = 0; row < grid.rows(); row++) {
            double[] left = new double[n];
            for (int k = 0; k < n; k++) {
                left[k] = weights[row * n + order[k]];
            }
            for (int k = 0; k < n; k++) {
                int group = row * grid.groups() + order[k] / grid.groupSize();
                int level = nearest(left[k], grid, group);
                levels[row * n + order[k]] = (byte) level;
                double value = (double) grid.levels().number(level) * grid.scales()[group] + grid.offsets()[group];
                double error = (left[k] - value) / upper[k][k];
                for (int j = k; j < n; j++) {
                    left[j] -= error * upper[k][j];
                }
            }
        }
        return levels;
    }

    private static double[][] damped(GramMatrix gram, int[] order, double damping) {
        int n = order.length;
        double mean = IntStream.range(0, n).mapToDouble(i -> gram.get(i, i)).average().orElseThrow();
        double[][] h = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                h[i][j] = gram.get(order[i], order[j]);
            }
            h[i][i] += damping * mean;
        }
        return h;
    }

    private static int nearest(double weight, Grid grid, int group) {
        int best = grid.levels().least();
        double least = Double.POSITIVE_INFINITY;
        for (int level = grid.levels().least(); level <= grid.levels().largest(); level++) {
            double value = (double) grid.levels().number(level) * grid.scales()[group] + grid.offsets()[group];
            double distance = Math.abs(weight - value);
            if (distance < least) {
                least = distance;
                best = level;
            }
        }
        return best;
    }

    /** Gauss and Jordan, without pivoting: the matrix is positive definite. */
    private static double[][] inverse(double[][] matrix) {
        int n = matrix.length;
        double[][] inverse = new double[n][n];
        for (int i = 0; i < n; i++) {
            inverse[i][i] = 1;
        }
        for (int k = 0; k < n; k++) {
            double pivot = matrix[k][k];
            for (int j = 0; j < n; j++) {
                matrix[k][j] /= pivot;
                inverse[k][j] /= pivot;
            }
            for (int i = 0; i < n; i++) {
                double factor = matrix[i][k];
                for (int j = 0; j < n && i != k; j++) {
                    matrix[i][j] -= factor * matrix[k][j];
                    inverse[i][j] -= factor * inverse[k][j];
                }
            }
        }
        return inverse;
    }

    private static double[][] upperFactor(double[][] matrix) {
        int n = matrix.length;
        double[][] upper = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = i; j < n; j++) {
                double sum = matrix[i][j];
                for (int k = 0; k < i; k++) {
                    sum -= upper[k][i] * upper[k][j];
                }
                upper[i][j] = j == i ? Math.sqrt(sum) : sum / upper[i][i];
            }
        }
        return upper;
    }
}
