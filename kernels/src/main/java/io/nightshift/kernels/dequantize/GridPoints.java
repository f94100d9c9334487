package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Points of a codebook's grid, scaled, as weights. */
final class GridPoints {
    private static final VectorSpecies<Float> EIGHT =
            Lanes.COUNT == 4 ? FloatVector.SPECIES_128 : FloatVector.SPECIES_256;

    /** A row of eight factors for every pattern of signs, -1 where the bit is set. */
    private static final float[] SIGNS = signs();

    private GridPoints() {}

    /** The scale of the 2-bit types. */
    static float scale(float d, int scale) {
        return d * (0.5f + scale) * 0.25f;
    }

    /** Writes a point of eight magnitudes; a set bit of {@code minus} makes its weight negative. */
    static void eight(float[] points, int point, int minus, float scale, float[] weights, int w) {
        for (int i = 0; i < 8; i += EIGHT.length()) {
            FloatVector.fromArray(EIGHT, points, 8 * point + i)
                    .mul(scale)
                    .mul(FloatVector.fromArray(EIGHT, SIGNS, 8 * minus + i))
                    .intoArray(weights, w + i);
        }
    }

    /** Writes two points of four magnitudes; a set bit of {@code minus} makes its weight negative. */
    static void fourAndFour(float[] points, int point0, int point1, int minus, float scale, float[] weights, int w) {
        four(points, point0, 8 * minus, scale, weights, w);
        four(points, point1, 8 * minus + 4, scale, weights, w + 4);
    }

    private static void four(float[] points, int point, int signs, float scale, float[] weights, int w) {
        FloatVector.fromArray(FloatVector.SPECIES_128, points, 4 * point)
                .mul(scale)
                .mul(FloatVector.fromArray(FloatVector.SPECIES_128, SIGNS, signs))
                .intoArray(weights, w);
    }

    /** Writes a point of eight signed numbers, all shifted. */
    static void shifted(float[] points, int point, float shift, float scale, float[] weights, int w) {
        for (int i = 0; i < 8; i += EIGHT.length()) {
            FloatVector.fromArray(EIGHT, points, 8 * point + i)
                    .add(shift)
                    .mul(scale)
                    .intoArray(weights, w + i);
        }
    }

    private static float[] signs() {
        float[] signs = new float[256 * 8];
        for (int i = 0; i < signs.length; i++) {
            signs[i] = (i >> 3 >> (i & 7) & 1) != 0 ? -1 : 1;
        }
        return signs;
    }
}
