package io.nightshift.kernels.quantize;

/** The mean square of each row, summed in the order of the columns. */
final class RowVariances {
    /** Rows that are summed side by side, as each sum waits for its last addition. */
    private static final int TOGETHER = 8;

    private RowVariances() {}

    /** The variances of rows about zero, one a row. */
    static float[] of(float[] weights, int offset, int rows, int columns) {
        float[] variances = new float[rows];
        for (int first = 0; first < rows; first += TOGETHER) {
            // Where rows are too few, the last comes several times.
            int last = Math.min(first + TOGETHER, rows) - 1;
            int at = offset + first * columns;
            int a = at;
            int b = offset + Math.min(first + 1, last) * columns;
            int c = offset + Math.min(first + 2, last) * columns;
            int d = offset + Math.min(first + 3, last) * columns;
            int e = offset + Math.min(first + 4, last) * columns;
            int f = offset + Math.min(first + 5, last) * columns;
            int g = offset + Math.min(first + 6, last) * columns;
            int h = offset + last * columns;
            float sumA = 0;
            float sumB = 0;
            float sumC = 0;
            float sumD = 0;
            float sumE = 0;
            float sumF = 0;
            float sumG = 0;
            float sumH = 0;
            for (int i = 0; i < columns; i++) {
                sumA += weights[a + i] * weights[a + i];
                sumB += weights[b + i] * weights[b + i];
                sumC += weights[c + i] * weights[c + i];
                sumD += weights[d + i] * weights[d + i];
                sumE += weights[e + i] * weights[e + i];
                sumF += weights[f + i] * weights[f + i];
                sumG += weights[g + i] * weights[g + i];
                sumH += weights[h + i] * weights[h + i];
            }
            float[] sums = {sumA, sumB, sumC, sumD, sumE, sumF, sumG, sumH};
            for (int row = first; row <= last; row++) {
                variances[row] = sums[row - first] / columns;
            }
        }
        return variances;
    }
}
