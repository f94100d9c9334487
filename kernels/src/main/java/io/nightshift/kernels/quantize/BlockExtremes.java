package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The largest and smallest of each 32 weights.
 *
 * <p>They are taken on the bits, as integers: that is one instruction a vector where floats need several for the sake of
 * NaN and the sign of zero, and like any maximum it does not depend on the order.
 */
final class BlockExtremes {
    /** Weights a block. */
    static final int SIZE = 32;

    private static final int LANES = Lanes.COUNT;
    private static final int MAGNITUDE = Integer.MAX_VALUE;
    private static final int SIGN = Integer.MIN_VALUE;

    private BlockExtremes() {}

    /** The largest magnitude of each of {@code count} blocks. */
    static void magnitudes(float[] weights, int offset, int count, float[] magnitudes) {
        for (int block = 0; block < count; block++) {
            int at = offset + block * SIZE;
            IntVector largest = IntVector.zero(Lanes.INT);
            for (int i = 0; i < SIZE; i += LANES) {
                IntVector bits = FloatVector.fromArray(Lanes.FLOAT, weights, at + i).reinterpretAsInts();
                largest = largest.max(bits.and(MAGNITUDE));
            }
            magnitudes[block] = Float.intBitsToFloat(largest.reduceLanes(VectorOperators.MAX));
        }
    }

    /** Of each of {@code count} blocks the weight of the largest magnitude, the first of them if there are several. */
    static void furthestFromZero(float[] weights, int offset, int count, float[] furthest) {
        for (int block = 0; block < count; block++) {
            int at = offset + block * SIZE;
            IntVector positive = IntVector.broadcast(Lanes.INT, SIGN);
            IntVector negative = positive;
            for (int i = 0; i < SIZE; i += LANES) {
                IntVector bits = FloatVector.fromArray(Lanes.FLOAT, weights, at + i).reinterpretAsInts();
                positive = positive.max(bits);
                negative = negative.max(bits.lanewise(VectorOperators.XOR, SIGN));
            }
            // Magnitudes of either sign, as bits; below zero where no weight has that sign.
            int above = positive.reduceLanes(VectorOperators.MAX);
            int below = negative.reduceLanes(VectorOperators.MAX);
            float weight;
            if (above > below) {
                weight = Float.intBitsToFloat(above);
            } else if (below > above) {
                weight = Float.intBitsToFloat(below | SIGN);
            } else {
                weight = firstOf(Float.intBitsToFloat(above), weights, at);
            }
            // Not -0.
            furthest[block] = weight + 0f;
        }
    }

    /** The smallest and the largest weight of each of {@code count} blocks; of zeros of both signs, the first counts. */
    static void ranges(float[] weights, int offset, int count, float[] smallest, float[] largest) {
        for (int block = 0; block < count; block++) {
            int at = offset + block * SIZE;
            IntVector low = IntVector.broadcast(Lanes.INT, Integer.MAX_VALUE);
            IntVector high = IntVector.broadcast(Lanes.INT, Integer.MIN_VALUE);
            for (int i = 0; i < SIZE; i += LANES) {
                IntVector bits = FloatVector.fromArray(Lanes.FLOAT, weights, at + i).reinterpretAsInts();
                // Bits of negative numbers fall as the numbers rise: turned round, integers have the order of floats.
                IntVector ordered = bits.lanewise(VectorOperators.ASHR, 31).and(MAGNITUDE).lanewise(VectorOperators.XOR, bits);
                low = low.min(ordered);
                high = high.max(ordered);
            }
            float least = inOrder(low.reduceLanes(VectorOperators.MIN));
            smallest[block] = least == 0f ? firstOf(0f, weights, at) : least;
            largest[block] = inOrder(high.reduceLanes(VectorOperators.MAX));
        }
    }

    private static float inOrder(int ordered) {
        return Float.intBitsToFloat(ordered ^ (ordered >> 31 & MAGNITUDE));
    }

    private static float firstOf(float magnitude, float[] weights, int offset) {
        int i = offset;
        while (Math.abs(weights[i]) != magnitude) {
            i++;
        }
        return weights[i];
    }
}
