package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Rounds the scales (or minima) of a super-block's sub-blocks to levels of one unit. A super-block a lane; levels come out as
 * the bytes that ggml keeps them in, 0 to 255.
 */
final class ScaleRounding {
    private static final int LANES = Lanes.COUNT;

    /** The lowest bits, which the subtraction that {@link NearestInt} ends with leaves as they are. */
    private static final int BYTE = 0xff;

    /** Below it, values count as zeros (ggml-quants.c, GROUP_MAX_EPS). */
    private static final float SMALLEST = 1e-15f;

    private static final int CANDIDATES = 4;
    private static final int TRIES = 5;

    // Rows of `state`.
    private static final int LARGEST = 0;
    private static final int ERROR = LANES;
    private static final int INVERSE = 2 * LANES;
    private static final int SUM_XL = 3 * LANES;
    private static final int SUM_L2 = 4 * LANES;
    private static final int STATE = 5 * LANES;

    private final int length;
    private final int maxLevel;
    private final float[] state = new float[STATE];

    /**
     * A rounding.
     *
     * @param count sub-blocks a super-block
     * @param maxLevel the largest level
     */
    ScaleRounding(int count, int maxLevel) {
        length = count * LANES;
        this.maxLevel = maxLevel;
    }

    /**
     * The largest value gets the largest level.
     *
     * @param values those of sub-block i in lane j at {@code i * lanes + j}
     * @param levels receives the levels, likewise
     * @param units receives the unit of each lane
     */
    void toLargest(float[] values, int[] levels, float[] units) {
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
        }
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, maxLevel).div(largest);
        inverse = inverse.blend(0f, largest.compare(VectorOperators.EQ, 0f));
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            IntVector bits = value.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
            bits.and(BYTE).intoArray(levels, i);
        }
        largest.div(maxLevel).intoArray(units, 0);
    }

    /**
     * The unit of the least weighted squared error among some, then each level moved while that improves the fit
     * (ggml-quants.c, make_qp_quants).
     *
     * @param values as for {@link #toLargest}
     * @param weights the weight of each value's error, likewise
     * @param levels receives the levels, likewise
     * @param units receives the unit of each lane
     */
    void leastSquares(float[] values, float[] weights, int[] levels, float[] units) {
        findLargest(values, length, state);
        begin(values, weights, length, maxLevel, state);
        for (int i = -CANDIDATES; i <= CANDIDATES; i++) {
            if (i != 0) {
                tryNumerator(values, weights, length, 0.1f * i + maxLevel, maxLevel, state);
            }
        }
        round(values, weights, length, maxLevel, levels, state);
        boolean moved = true;
        for (int i = 0; i < TRIES && moved; i++) {
            moved = false;
            for (int k = 0; k < length; k += LANES) {
                moved |= move(values, weights, k, maxLevel, levels, state);
            }
        }
        finish(length, levels, units, state);
    }

    private static void findLargest(float[] values, int length, float[] state) {
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
        }
        largest.intoArray(state, LARGEST);
    }

    private static void begin(float[] values, float[] weights, int length, int maxLevel, float[] state) {
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, maxLevel)
                .div(FloatVector.fromArray(Lanes.FLOAT, state, LARGEST));
        FloatVector unit = FloatVector.broadcast(Lanes.FLOAT, 1f).div(inverse);
        FloatVector error = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            IntVector level = inverse.mul(value).add(NearestInt.ROUNDING).reinterpretAsInts().and(BYTE);
            FloatVector difference = value.sub(unit.mul(level.convert(VectorOperators.I2F, 0)));
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i);
            error = error.add(weight.mul(difference).mul(difference));
        }
        error.intoArray(state, ERROR);
        inverse.intoArray(state, INVERSE);
    }

    private static void tryNumerator(
            float[] values, float[] weights, int length, float numerator, int maxLevel, float[] state) {
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, numerator)
                .div(FloatVector.fromArray(Lanes.FLOAT, state, LARGEST));
        FloatVector unit = FloatVector.broadcast(Lanes.FLOAT, 1f).div(inverse);
        FloatVector error = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            IntVector bits = inverse.mul(value).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector level = bits.and(NearestInt.MANTISSA).sub(NearestInt.HALF).min(maxLevel);
            FloatVector difference = value.sub(unit.mul(level.convert(VectorOperators.I2F, 0)));
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i);
            error = error.add(weight.mul(difference).mul(difference));
        }
        FloatVector best = FloatVector.fromArray(Lanes.FLOAT, state, ERROR);
        VectorMask<Float> better = error.compare(VectorOperators.LT, best);
        best.blend(error, better).intoArray(state, ERROR);
        FloatVector.fromArray(Lanes.FLOAT, state, INVERSE).blend(inverse, better).intoArray(state, INVERSE);
    }

    private static void round(
            float[] values, float[] weights, int length, int maxLevel, int[] levels, float[] state) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, state, INVERSE);
        FloatVector sumXL = FloatVector.zero(Lanes.FLOAT);
        FloatVector sumL2 = sumXL;
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i);
            IntVector bits = inverse.mul(value).add(NearestInt.ROUNDING).reinterpretAsInts();
            IntVector rounded = bits.and(NearestInt.MANTISSA).sub(NearestInt.HALF).min(maxLevel);
            rounded.and(BYTE).intoArray(levels, i);
            FloatVector level = (FloatVector) rounded.convert(VectorOperators.I2F, 0);
            sumXL = sumXL.add(weight.mul(value).mul(level));
            sumL2 = sumL2.add(weight.mul(level).mul(level));
        }
        sumXL.intoArray(state, SUM_XL);
        sumL2.intoArray(state, SUM_L2);
    }

    /** Moves the levels of one sub-block to where the others would have them, in those lanes where the fit gains. */
    private static boolean move(float[] values, float[] weights, int index, int maxLevel, int[] levels, float[] state) {
        FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, index);
        FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, index);
        FloatVector sumXL = FloatVector.fromArray(Lanes.FLOAT, state, SUM_XL);
        FloatVector sumL2 = FloatVector.fromArray(Lanes.FLOAT, state, SUM_L2);
        IntVector before = IntVector.fromArray(Lanes.INT, levels, index);
        FloatVector level = (FloatVector) before.convert(VectorOperators.I2F, 0);
        FloatVector weighted = weight.mul(value);
        FloatVector otherXL = sumXL.sub(weighted.mul(level));
        FloatVector otherL2 = sumL2.sub(weight.mul(level).mul(level));
        IntVector bits = value.mul(otherL2).div(otherXL).add(NearestInt.ROUNDING).reinterpretAsInts();
        IntVector after = bits.and(NearestInt.MANTISSA).sub(NearestInt.HALF).min(maxLevel);
        FloatVector moved = (FloatVector) after.convert(VectorOperators.I2F, 0);
        FloatVector movedXL = otherXL.add(weighted.mul(moved));
        FloatVector movedL2 = otherL2.add(weight.mul(moved).mul(moved));
        FloatVector gain = movedXL.mul(movedXL).mul(sumL2);
        VectorMask<Float> better = gain.compare(VectorOperators.GT, sumXL.mul(sumXL).mul(movedL2))
                .and(otherXL.compare(VectorOperators.GT, 0f))
                .and(otherL2.compare(VectorOperators.GT, 0f))
                .and(moved.compare(VectorOperators.NE, level));
        sumXL.blend(movedXL, better).intoArray(state, SUM_XL);
        sumL2.blend(movedL2, better).intoArray(state, SUM_L2);
        before.blend(after.and(BYTE), better.cast(Lanes.INT)).intoArray(levels, index);
        return better.anyTrue();
    }

    private static void finish(int length, int[] levels, float[] units, float[] state) {
        FloatVector largest = FloatVector.fromArray(Lanes.FLOAT, state, LARGEST);
        FloatVector sumXL = FloatVector.fromArray(Lanes.FLOAT, state, SUM_XL);
        FloatVector sumL2 = FloatVector.fromArray(Lanes.FLOAT, state, SUM_L2);
        VectorMask<Float> nothing = largest.compare(VectorOperators.LT, SMALLEST);
        VectorMask<Float> fitted = sumL2.compare(VectorOperators.GT, 0f);
        FloatVector unit = FloatVector.zero(Lanes.FLOAT).blend(sumXL.div(sumL2), fitted);
        unit.blend(0f, nothing).intoArray(units, 0);
        for (int i = 0; i < length; i += LANES) {
            IntVector.fromArray(Lanes.INT, levels, i)
                    .blend(0, nothing.cast(Lanes.INT))
                    .intoArray(levels, i);
        }
    }
}
