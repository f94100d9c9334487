package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Puts blocks into lanes: value {@code i} of the block in lane {@code j} comes to stand at {@code i * Lanes.COUNT + j}.
 *
 * <p>Where that pays, squares of four blocks by four values are turned in registers, so that a store moves four values.
 * Four are as many as the narrowest vectors have lanes, and all lane counts are multiples of it.
 */
final class LaneTransposition {
    /** Blocks that go together. */
    static final int TOGETHER = 4;

    /**
     * Whether vectors narrower than {@link Lanes#FLOAT} pay. Two shapes of float vectors in one JVM make JDK 17 allocate
     * the vectors of all kernels.
     */
    private static final boolean IN_REGISTERS = Runtime.version().feature() >= 25;

    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;
    private static final VectorShuffle<Float> SWAP_HALVES = VectorShuffle.fromValues(FOUR, 2, 3, 0, 1);
    private static final VectorShuffle<Float> SWAP_NEIGHBOURS = VectorShuffle.fromValues(FOUR, 1, 0, 3, 2);
    private static final VectorMask<Float> UPPER_HALF = VectorMask.fromLong(FOUR, 0b1100);
    private static final VectorMask<Float> ODD = VectorMask.fromLong(FOUR, 0b1010);

    private LaneTransposition() {}

    /**
     * Puts four blocks into adjacent lanes.
     *
     * @param a where the first block starts in {@code source}; {@code b}, {@code c} and {@code d} are for the others
     * @param count values a block, a multiple of 4
     * @param to where the first value of the first block goes in {@code lanes}
     */
    static void four(float[] source, int a, int b, int c, int d, int count, float[] lanes, int to) {
        if (IN_REGISTERS) {
            turnSquares(source, a, b, c, d, count, lanes, to);
        } else {
            one(source, a, count, lanes, to);
            one(source, b, count, lanes, to + 1);
            one(source, c, count, lanes, to + 2);
            one(source, d, count, lanes, to + 3);
        }
    }

    private static void one(float[] source, int offset, int count, float[] lanes, int to) {
        for (int i = 0; i < count; i++) {
            lanes[to + i * Lanes.COUNT] = source[offset + i];
        }
    }

    private static void turnSquares(
            float[] source, int a, int b, int c, int d, int count, float[] lanes, int to) {
        for (int i = 0; i < count; i += TOGETHER) {
            FloatVector rowA = FloatVector.fromArray(FOUR, source, a + i);
            FloatVector rowB = FloatVector.fromArray(FOUR, source, b + i);
            FloatVector rowC = FloatVector.fromArray(FOUR, source, c + i);
            FloatVector rowD = FloatVector.fromArray(FOUR, source, d + i);
            FloatVector lowerAC = rowA.blend(rowC.rearrange(SWAP_HALVES), UPPER_HALF);
            FloatVector lowerBD = rowB.blend(rowD.rearrange(SWAP_HALVES), UPPER_HALF);
            FloatVector upperAC = rowA.rearrange(SWAP_HALVES).blend(rowC, UPPER_HALF);
            FloatVector upperBD = rowB.rearrange(SWAP_HALVES).blend(rowD, UPPER_HALF);
            int at = to + i * Lanes.COUNT;
            lowerAC.blend(lowerBD.rearrange(SWAP_NEIGHBOURS), ODD).intoArray(lanes, at);
            lowerAC.rearrange(SWAP_NEIGHBOURS).blend(lowerBD, ODD).intoArray(lanes, at + Lanes.COUNT);
            upperAC.blend(upperBD.rearrange(SWAP_NEIGHBOURS), ODD).intoArray(lanes, at + 2 * Lanes.COUNT);
            upperAC.rearrange(SWAP_NEIGHBOURS).blend(upperBD, ODD).intoArray(lanes, at + 3 * Lanes.COUNT);
        }
    }
}
