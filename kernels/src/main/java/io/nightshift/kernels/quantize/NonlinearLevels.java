package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The sixteen values that IQ4_NL and IQ4_XS round to, and the bounds between them (ggml-quants.c, best_index_int8).
 *
 * <p>A number belongs to the upper of two values from the middle between them on. That is what ggml's comparison of two
 * differences comes to, for both are exact near the middle.
 */
final class NonlinearLevels {
    private static final int LANES = Lanes.COUNT;
    private static final byte[] VALUES = Codebooks.iq4nl();
    private static final int LARGEST = VALUES.length - 1;
    private static final float[] BOUNDS = bounds();

    private NonlinearLevels() {}

    /** The level of a number: 15 for NaN. */
    static int level(float number) {
        int level = LARGEST;
        for (float bound : BOUNDS) {
            level -= number < bound ? 1 : 0;
        }
        return level;
    }

    /** The value of a level. */
    static float value(int level) {
        return VALUES[level];
    }

    /**
     * The values of levels 7 more than whole numbers from -7 to 8: a polynomial that is nowhere off by more than 0.44,
     * rounded.
     */
    static FloatVector values(FloatVector centred) {
        return centred.mul(0.00158604282f)
                .add(0.0754956384f)
                .mul(centred)
                .add(-0.252815226f)
                .mul(centred)
                .add(11.712609f)
                .mul(centred)
                .add(-10.1038859f)
                .add(NearestInt.ROUNDING)
                .sub(NearestInt.ROUNDING);
    }

    /**
     * The level below the bound nearest to a number from -127 to 127, less 7. Nearest is to be understood loosely: a
     * polynomial finds the bound, and the numbers where it goes on to the next may be anywhere about halfway. But what
     * is up to 5.5 % more or less than the number is between the neighbours of that bound still.
     */
    static FloatVector nearBound(FloatVector numbers) {
        return numbers.mul(numbers)
                .mul(-1.55362967e-6f)
                .add(0.081283606f)
                .mul(numbers)
                .add(0.23966758f)
                .add(NearestInt.ROUNDING)
                .sub(NearestInt.ROUNDING);
    }

    /**
     * Rounds blocks of 32 weights.
     *
     * @param inverses what the weights of each block are multiplied by
     * @param levels receives 32 levels a block, and some bytes more
     */
    static void round(float[] weights, int offset, int count, float[] inverses, byte[] levels) {
        for (int block = 0; block < count; block++) {
            float inverse = inverses[block];
            int first = block * BlockExtremes.SIZE;
            if (Math.abs(inverse) <= Float.MAX_VALUE) {
                roundBlock(weights, offset + first, inverse, levels, first);
            } else {
                for (int i = first; i < first + BlockExtremes.SIZE; i++) {
                    levels[i] = (byte) level(weights[offset + i] * inverse);
                }
            }
        }
    }

    private static void roundBlock(float[] weights, int offset, float inverse, byte[] levels, int first) {
        for (int i = 0; i < BlockExtremes.SIZE; i += LANES) {
            FloatVector number = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i).mul(inverse);
            IntVector level = IntVector.broadcast(Lanes.INT, LARGEST);
            for (int bound = 0; bound < LARGEST; bound++) {
                level = level.add(below(number, BOUNDS[bound]));
            }
            ((ByteVector) level.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(levels, first + i);
        }
    }

    /** -1 where a number is below the bound, 0 elsewhere; not for NaN. */
    private static IntVector below(FloatVector number, float bound) {
        return number.sub(bound).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
    }

    private static float[] bounds() {
        float[] bounds = new float[LARGEST];
        for (int i = 0; i < LARGEST; i++) {
            bounds[i] = 0.5f * (VALUES[i] + VALUES[i + 1]);
        }
        return bounds;
    }
}
