package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/** A super-block of 256 weights as magnitudes and signs, with what their squared errors weigh. */
final class MagnitudeBlock {
    static final int SIZE = 256;

    /** Weights that share a byte of signs. */
    static final int GROUP = 8;

    private static final int LANES = Lanes.COUNT;

    /** The weights without their signs; those whose sign was changed by {@link #makeEven} are negative. */
    final float[] magnitudes = new float[SIZE];

    /** What a squared error of each weight is multiplied by. */
    final float[] errorWeights = new float[SIZE];

    /** The square roots of the error weights. */
    final float[] roots = new float[SIZE];

    /** The signs of each group, a set bit for minus, the first weight's lowest. */
    final int[] signs = new int[SIZE / GROUP];

    /** Takes the signs off 256 weights. */
    void load(float[] weights, int offset) {
        for (int i = 0; i < SIZE; i += LANES) {
            FloatVector.fromArray(Lanes.FLOAT, weights, offset + i).abs().intoArray(magnitudes, i);
        }
        for (int group = 0; group < signs.length; group++) {
            int minus = 0;
            for (int i = 0; i < GROUP; i++) {
                // A zero has no sign: adding one makes it positive.
                minus |= Float.floatToRawIntBits(weights[offset + group * GROUP + i] + 0f) >>> 31 << i;
            }
            signs[group] = minus;
        }
    }

    /** The mean square of the weights about zero, times a factor. */
    float variance(float factor) {
        return factor * ErrorWeights.sumOfSquares(magnitudes, 0, SIZE) / SIZE;
    }

    /** The importance of each weight times the root of its square plus the variance. */
    void weigh(float variance, float[] importance, int offset) {
        ErrorWeights.weighted(magnitudes, 0, SIZE, variance, importance, offset, errorWeights, 0);
        takeRoots();
    }

    /** The square of each weight plus what is given. */
    void weighBySquares(float addend) {
        ErrorWeights.squares(magnitudes, 0, SIZE, addend, errorWeights, 0);
        takeRoots();
    }

    private void takeRoots() {
        for (int i = 0; i < SIZE; i += LANES) {
            FloatVector.fromArray(Lanes.FLOAT, errorWeights, i).sqrt().intoArray(roots, i);
        }
    }

    /** Makes the number of minuses in each group even, by changing the sign where it costs least. */
    void makeEven() {
        for (int group = 0; group < signs.length; group++) {
            if ((Integer.bitCount(signs[group]) & 1) == 1) {
                int cheapest = cheapest(group * GROUP);
                magnitudes[group * GROUP + cheapest] = -magnitudes[group * GROUP + cheapest];
                signs[group] ^= 1 << cheapest;
            }
        }
    }

    private int cheapest(int first) {
        int cheapest = 0;
        float least = errorWeights[first] * magnitudes[first] * magnitudes[first];
        for (int i = 1; i < GROUP; i++) {
            float cost = errorWeights[first + i] * magnitudes[first + i] * magnitudes[first + i];
            if (cost < least) {
                least = cost;
                cheapest = i;
            }
        }
        return cheapest;
    }

    /** The largest of some magnitudes, where those that changed sign count as negative. */
    float largest(int first, int length) {
        float largest = magnitudes[first];
        for (int i = first + 1; i < first + length; i++) {
            largest = largest > magnitudes[i] ? largest : magnitudes[i];
        }
        return largest;
    }
}
