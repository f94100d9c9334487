package io.nightshift.kernels.linear;

/**
 * Packing: a matrix is cut into panels as wide as a tile, in which the factors of one term lie side by side. Panels
 * that the matrix does not fill end in zeros. A panel of depth d takes d * width floats; panels follow one another.
 */
final class Panels {
    private Panels() {}

    /** Number of panels for so many rows or columns. */
    static int count(int length, int width) {
        return (length + width - 1) / width;
    }

    /**
     * Packs vectors that lie one after another: each is one row or column of the product, its elements the terms.
     *
     * @param vectors number of vectors
     * @param source the first starts at {@code at}, the next {@code stride} behind
     * @param panels the first panel goes to {@code into}, the next {@code distance} behind
     */
    static void transpose(int vectors, int depth, float[] source, int at, int stride,
            int width, float[] panels, int into, int distance) {
        for (int first = 0; first < vectors; first += width) {
            int panel = into + first / width * distance;
            int filled = Math.min(width, vectors - first);
            int vector = 0;
            if (filled == 6) {
                transposeSix(depth, source, at + first * stride, stride, width, panels, panel);
                vector = 6;
            }
            for (; vector <= filled - 4; vector += 4) {
                transposeFour(depth, source, at + (first + vector) * stride, stride, width, panels, panel + vector);
            }
            for (; vector < filled; vector++) {
                int from = at + (first + vector) * stride;
                for (int k = 0; k < depth; k++) {
                    panels[panel + vector + k * width] = source[from + k];
                }
            }
            clear(depth, filled, width, panels, panel);
        }
    }

    private static void transposeFour(
            int depth, float[] source, int at, int stride, int width, float[] panels, int into) {
        int second = at + stride;
        int third = second + stride;
        int fourth = third + stride;
        for (int k = 0; k < depth; k++) {
            int to = into + k * width;
            panels[to] = source[at + k];
            panels[to + 1] = source[second + k];
            panels[to + 2] = source[third + k];
            panels[to + 3] = source[fourth + k];
        }
    }

    /** A whole panel of rows at once: what lies side by side is written together. */
    private static void transposeSix(
            int depth, float[] source, int at, int stride, int width, float[] panels, int into) {
        int second = at + stride;
        int third = second + stride;
        int fourth = third + stride;
        int fifth = fourth + stride;
        int sixth = fifth + stride;
        for (int k = 0; k < depth; k++) {
            int to = into + k * width;
            panels[to] = source[at + k];
            panels[to + 1] = source[second + k];
            panels[to + 2] = source[third + k];
            panels[to + 3] = source[fourth + k];
            panels[to + 4] = source[fifth + k];
            panels[to + 5] = source[sixth + k];
        }
    }

    /**
     * Packs vectors whose elements of one term lie side by side: term k of vector i is at {@code at + k * stride + i}.
     */
    static void copy(int vectors, int depth, float[] source, int at, int stride,
            int width, float[] panels, int into, int distance) {
        for (int first = 0; first < vectors; first += width) {
            int panel = into + first / width * distance;
            int filled = Math.min(width, vectors - first);
            for (int k = 0; k < depth; k++) {
                int from = at + k * stride + first;
                int to = panel + k * width;
                for (int i = 0; i < filled; i++) {
                    panels[to + i] = source[from + i];
                }
            }
            clear(depth, filled, width, panels, panel);
        }
    }

    private static void clear(int depth, int filled, int width, float[] panels, int panel) {
        if (filled == width) {
            return;
        }
        for (int k = 0; k < depth; k++) {
            for (int i = filled; i < width; i++) {
                panels[panel + k * width + i] = 0;
            }
        }
    }
}
