package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * How much the error of each weight counts in the search for a sub-block's scale. A sub-block a lane, unless said
 * otherwise.
 */
final class ErrorWeights {
    private static final int LANES = Lanes.COUNT;

    private ErrorWeights() {}

    /** The root mean square of the sub-block of 32 weights plus the weight's magnitude. */
    static void rootMeanSquarePlusMagnitude(float[] weights, int offset, float[] errorWeights, int errorOffset) {
        FloatVector squares = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < 32 * LANES; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i);
            squares = squares.add(weight.mul(weight));
        }
        FloatVector root = squares.div(32f).sqrt();
        for (int i = 0; i < 32 * LANES; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i);
            root.add(weight.abs()).intoArray(errorWeights, errorOffset + i);
        }
    }

    /** The magnitudes of a sub-block of 16 weights. */
    static void magnitude(float[] weights, int offset, float[] errorWeights, int errorOffset) {
        for (int i = 0; i < 16 * LANES; i += LANES) {
            FloatVector.fromArray(Lanes.FLOAT, weights, offset + i).abs().intoArray(errorWeights, errorOffset + i);
        }
    }

    /** The mean square of each lane's super-block, times a factor. */
    static void variance(float[] weights, float factor, float[] variance) {
        FloatVector squares = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < SuperBlockLanes.WEIGHTS * LANES; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i);
            squares = squares.add(weight.mul(weight));
        }
        squares.mul(factor).div(SuperBlockLanes.WEIGHTS).intoArray(variance, 0);
    }

    /** The importance of each weight times the root of its square plus the variance. */
    static void weighted(
            float[] weights, float[] importance, int offset, int length, float[] variance, float[] errorWeights) {
        FloatVector spread = FloatVector.fromArray(Lanes.FLOAT, variance, 0);
        for (int i = 0; i < length; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i);
            FloatVector root = spread.add(weight.mul(weight)).sqrt();
            FloatVector.fromArray(Lanes.FLOAT, importance, offset + i).mul(root).intoArray(errorWeights, i);
        }
    }

    /** The squares of some weights, summed in their order. */
    static float sumOfSquares(float[] weights, int offset, int length) {
        float sum = 0;
        for (int i = offset; i < offset + length; i++) {
            sum += weights[i] * weights[i];
        }
        return sum;
    }

    /** The square of each weight plus what is given. Weights in their order, a multiple of the lanes. */
    static void squares(float[] weights, int offset, int length, float addend, float[] errorWeights, int errorOffset) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i);
            weight.mul(weight).add(addend).intoArray(errorWeights, errorOffset + i);
        }
    }

    /**
     * The importance of each weight times the root of its square plus the variance. Weights in their order, a multiple
     * of the lanes.
     */
    static void weighted(
            float[] weights,
            int offset,
            int length,
            float variance,
            float[] importance,
            int importanceOffset,
            float[] errorWeights,
            int errorOffset) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i);
            FloatVector root = weight.mul(weight).add(variance).sqrt();
            FloatVector.fromArray(Lanes.FLOAT, importance, importanceOffset + i)
                    .mul(root)
                    .intoArray(errorWeights, errorOffset + i);
        }
    }
}
