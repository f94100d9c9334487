package io.nightshift.kernels.exl2;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;

/**
 * Rounds a row to nearest as the only output of its layer: what {@link MaximumSearch} and {@link LateScales} do with outputs in
 * their lanes, with candidates in the lanes. Results are the same bits.
 */
final class LoneRow {
    private final GroupLayout layout;
    private final int[] order;

    /** @param order channel at each place of activation order */
    LoneRow(GroupLayout layout, int[] order) {
        this.layout = layout;
        this.order = order;
    }

    /**
     * Rounds.
     *
     * @param weights the row, from {@code at} on; finite
     * @param ofChannels what errors in each channel cost
     * @throws IllegalArgumentException if a weight is too large for the format
     */
    Exl2Rows nearest(float[] weights, int at, float[] ofChannels) {
        short[] maxima = new short[layout.groups().size()];
        byte[] codes = new byte[maxima.length];
        byte[] levels = new byte[order.length];
        for (int g = 0; g < maxima.length; g++) {
            GroupLayout.Group group = layout.groups().get(g);
            float[] ofGroup = new float[group.size()];
            float[] importance = new float[group.size()];
            for (int i = 0; i < ofGroup.length; i++) {
                int channel = order[group.first() + i];
                ofGroup[i] = weights[at + channel];
                importance[i] = ofChannels[channel];
            }
            maxima[g] = maximum(group, ofGroup);
            float[] scales = SquaredScales.of(maxima[g]);
            codes[g] = code(group, scales, ofGroup, importance);
            round(group, scales[codes[g]], ofGroup, levels);
        }
        return new Exl2Rows(layout, order, maxima, 1, levels, codes);
    }

    private static short maximum(GroupLayout.Group group, float[] weights) {
        float span = 0;
        for (float weight : weights) {
            span = Math.max(span, Math.abs(weight));
        }
        span /= group.largest() / 2f;
        long[] errors = new long[MaximumSearch.STEPS];
        if (span > 0) {
            float[] scales = new float[lanes(errors.length)];
            for (int step = 0; step < errors.length; step++) {
                scales[step] = span * MaximumSearch.p(step);
            }
            float[] sums = sums(group, scales, weights);
            for (int step = 0; step < errors.length; step++) {
                errors[step] = (long) (MaximumSearch.PARTS * MaximumSearch.power(MaximumSearch.p(step)) * sums[step]);
            }
        }
        return MaximumSearch.maximum(span, errors, 0);
    }

    private static int lanes(int candidates) {
        return (candidates + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
    }

    /** The sums of the 3.5th powers of errors in steps of each scale. */
    private static float[] sums(GroupLayout.Group group, float[] scales, float[] weights) {
        float[] sums = new float[scales.length];
        float least = -group.zero();
        float most = group.zero() - 1;
        for (int at = 0; at < scales.length; at += Lanes.COUNT) {
            FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, 1)
                    .div(FloatVector.fromArray(Lanes.FLOAT, scales, at).max(Float.MIN_NORMAL));
            FloatVector sum = FloatVector.zero(Lanes.FLOAT);
            for (float weight : weights) {
                FloatVector steps = inverse.mul(weight);
                FloatVector error =
                        steps.max(least).min(most).add(NearestInt.ROUNDING).sub(NearestInt.ROUNDING).sub(steps).abs();
                sum = sum.add(error.mul(error).mul(error).mul(error.sqrt()));
            }
            sum.intoArray(sums, at);
        }
        return sums;
    }

    /** The code with the least sum of weighted 2.5th powers of errors, the first of those that are as good. */
    private static byte code(GroupLayout.Group group, float[] scales, float[] weights, float[] importance) {
        float largest = scales[scales.length - 1];
        if (!(largest > 0)) {
            return 0;
        }
        float[] inverses = new float[scales.length];
        float[] factors = new float[scales.length];
        for (int c = 0; c < scales.length; c++) {
            float share = scales[c] / largest;
            inverses[c] = scales[c] == 0 ? 0 : 1 / scales[c];
            factors[c] = share * share * (float) Math.sqrt(share);
        }
        float[] errors = weighted(group, inverses, weights, importance);
        byte best = 0;
        float lowest = Float.POSITIVE_INFINITY;
        for (int c = 0; c < scales.length; c++) {
            float error = errors[c] * factors[c];
            if (scales[c] != 0 && error < lowest) {
                lowest = error;
                best = (byte) c;
            }
        }
        return best;
    }

    private static float[] weighted(GroupLayout.Group group, float[] inverses, float[] weights, float[] importance) {
        float[] sums = new float[inverses.length];
        float least = -group.zero();
        float most = group.zero() - 1;
        for (int at = 0; at < sums.length; at += Lanes.COUNT) {
            FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, inverses, at);
            FloatVector sum = FloatVector.zero(Lanes.FLOAT);
            for (int i = 0; i < weights.length; i++) {
                FloatVector steps = inverse.mul(weights[i]);
                FloatVector level = steps.max(least).min(most).add(NearestInt.ROUNDING).sub(NearestInt.ROUNDING);
                FloatVector error = level.sub(steps).abs();
                FloatVector power = error.mul(error).mul(error.sqrt());
                sum = sum.add(power.mul(importance[i]));
            }
            sum.intoArray(sums, at);
        }
        return sums;
    }

    private void round(GroupLayout.Group group, float scale, float[] weights, byte[] levels) {
        float least = -group.zero();
        float most = group.zero() - 1;
        int[] level = new int[Lanes.COUNT];
        for (int i = 0; scale != 0 && i < weights.length; i += Lanes.COUNT) {
            FloatVector.fromArray(Lanes.FLOAT, weights, i).div(scale).max(least).min(most).add(NearestInt.ROUNDING)
                    .reinterpretAsInts().sub(NearestInt.ROUNDING_BITS).intoArray(level, 0);
            for (int k = 0; k < level.length; k++) {
                levels[order[group.first() + i + k]] = (byte) level[k];
            }
        }
    }
}
