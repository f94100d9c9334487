package io.nightshift.kernels;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The fixed tables of the non-linear types: the grids of the 1- to 3-bit types, the sign patterns that go with them, and
 * the sixteen values of the 4-bit types.
 *
 * <p>The numbers are those of {@code ggml-common.h}; the grids stand in the resource {@code codebooks.txt}, a point a
 * fixed number of hexadecimal digits.
 */
public final class Codebooks {
    /** The difference that a set bit of IQ1_S and IQ1_M shifts a grid point by, in units of the block's scale. */
    public static final float IQ1_DELTA = 0.125f;

    private static final byte[] IQ4NL = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private static final byte[] MXFP4 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private Codebooks() {}

    /** A set of points that vectors of 4 or 8 weights are rounded to; a point's index is what a block stores. */
    public enum Grid {
        /** 256 points of 8 weights, magnitudes only. */
        IQ2XXS(256, 8, 8, 25, 43),
        /** 512 points of 8 weights, magnitudes only. */
        IQ2XS(512, 8, 8, 25, 43),
        /** 1024 points of 8 weights, magnitudes only. */
        IQ2S(1024, 8, 8, 25, 43),
        /** 256 points of 4 weights, magnitudes only. */
        IQ3XXS(256, 4, 4, 12, 20, 28, 36, 44, 52, 62),
        /** 512 points of 4 weights, magnitudes only. */
        IQ3S(512, 4, 1, 3, 5, 7, 9, 11, 13, 15),
        /** 2048 points of 8 weights with their signs; of IQ1_S and IQ1_M. */
        IQ1S(2048, 8, -1, 0, 1);

        private final int size;
        private final int dimensions;
        private final int bits;
        private final int[] levels;
        private final char[] codes;

        Grid(int size, int dimensions, int... levels) {
            this.size = size;
            this.dimensions = dimensions;
            this.levels = levels;
            bits = levels.length <= 4 ? 2 : 3;
            codes = Resource.GRIDS.get(name());
            if (codes == null || codes.length != size) {
                throw new IllegalStateException(Resource.NAME + " does not hold the " + size + " points of " + name());
            }
        }

        /** Number of points. */
        public int size() {
            return size;
        }

        /** Weights a point: 4 or 8. */
        public int dimensions() {
            return dimensions;
        }

        /** Bits that a weight takes in {@link #code(int)}: 2, or 3 where there are eight levels. */
        public int bits() {
            return bits;
        }

        /** A point's levels, the first weight's in the lowest bits: an unsigned 16-bit number at most, ascending. */
        public int code(int point) {
            return codes[point];
        }

        /** Which of the levels a weight of a point has, from 0. */
        public int level(int point, int weight) {
            return codes[point] >> bits * weight & (1 << bits) - 1;
        }

        /** The value of a weight of a point. */
        public int value(int point, int weight) {
            return levels[level(point, weight)];
        }

        /** A new array of all values: point {@code p} is at {@code p * dimensions()}. */
        public float[] points() {
            float[] points = new float[size * dimensions];
            for (int i = 0; i < points.length; i++) {
                points[i] = value(i / dimensions, i % dimensions);
            }
            return points;
        }
    }

    /**
     * The signs of 8 weights, a set bit for minus, the first weight lowest: the seven stored ones, and an eighth that makes
     * the number of minuses even. ggml's {@code ksigns_iq2xs}.
     *
     * @param stored the seven stored signs, 0 to 127
     */
    public static int signs(int stored) {
        return stored | (Integer.bitCount(stored) & 1) << 7;
    }

    /** A new array of the 16 values of IQ4_NL and IQ4_XS, ascending. */
    public static byte[] iq4nl() {
        return IQ4NL.clone();
    }

    /** A new array of the 16 values of MXFP4, doubled so that they are whole numbers. */
    public static byte[] mxfp4() {
        return MXFP4.clone();
    }

    private static final class Resource {
        static final String NAME = "codebooks.txt";
        static final Map<String, char[]> GRIDS = read();

        private static Map<String, char[]> read() {
            Map<String, StringBuilder> digits = new HashMap<>();
            try (InputStream in = Codebooks.class.getResourceAsStream(NAME);
                    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
                StringBuilder current = null;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("IQ")) {
                        current = new StringBuilder();
                        digits.put(line, current);
                    } else {
                        current.append(line);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Map<String, char[]> grids = new HashMap<>();
            digits.forEach((name, text) -> grids.put(name, codes(text, name.startsWith("IQ3") ? 3 : 4)));
            return grids;
        }

        private static char[] codes(StringBuilder text, int digitsPerPoint) {
            char[] codes = new char[text.length() / digitsPerPoint];
            for (int point = 0; point < codes.length; point++) {
                int from = point * digitsPerPoint;
                codes[point] = (char) Integer.parseInt(text, from, from + digitsPerPoint, 16);
            }
            return codes;
        }
    }
}
