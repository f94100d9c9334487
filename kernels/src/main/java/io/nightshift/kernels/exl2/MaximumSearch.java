package io.nightshift.kernels.exl2;

import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import io.nightshift.kernels.linear.LeftFactor;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/**
 * Finds {@code q_scale_max} of each group: the scale that spans the largest weight, times the p with the least sum of
 * |error|^3.5 over all outputs (adaptivegptq.py, find_params). It is taken from weights that nothing has moved, so that it is
 * known before rounding and outputs can be rounded anywhere; ExLlamaV2 takes it from weights that error feedback has moved,
 * with all outputs at hand.
 *
 * <p>Two passes over the outputs, in any order and any split: first {@link #spans}, whose results are combined by the larger
 * one, then {@link #errors}, whose results are added. Errors are counted in whole parts of a step, so that the sums do not
 * depend on the split.
 */
public final class MaximumSearch {
    /** Candidates for p, and their range. */
    static final int STEPS = 25;
    private static final float LEAST_P = 0.7f;
    private static final float MOST_P = 1.2f;

    /** Parts of the 3.5th power of a group's largest scale: sums over 2^18 outputs stay below 2^63. */
    static final double PARTS = 0x1p16;

    private static final int WIDTH = LeftFactor.WIDTH;

    private final GroupLayout layout;
    private final int[] order;

    /**
     * A search.
     *
     * @param order channel at each place of activation order
     * @throws IllegalArgumentException if they are not the layout's channels
     */
    public MaximumSearch(GroupLayout layout, int[] order) {
        if (order.length != layout.channels()) {
            throw new IllegalArgumentException(order.length + " channels in order for " + layout.channels());
        }
        this.layout = layout;
        this.order = order.clone();
    }

    /**
     * The maxima of a whole linear layer.
     *
     * @param weights row-major, {@code outputs * channels} from {@code at}; finite
     * @return a half a group
     * @throws IllegalArgumentException if a weight is too large for the format
     */
    public short[] maxima(float[] weights, int at, int outputs, Workers workers) {
        float[] spans = spans(weights, at, outputs);
        return maxima(spans, errors(spans, weights, at, outputs, workers));
    }

    /** The scale that spans each group's largest weight. */
    public float[] spans(float[] weights, int at, int outputs) {
        Objects.checkFromIndexSize(at, Math.multiplyExact(outputs, order.length), weights.length);
        float[] largest = new float[order.length];
        for (int output = 0; output < outputs; output++) {
            for (int i = 0; i < order.length; i++) {
                largest[i] = Math.max(largest[i], Math.abs(weights[at + output * order.length + i]));
            }
        }
        float[] spans = new float[layout.groups().size()];
        for (int g = 0; g < spans.length; g++) {
            GroupLayout.Group group = layout.groups().get(g);
            for (int place = group.first(); place < group.end(); place++) {
                spans[g] = Math.max(spans[g], largest[order[place]]);
            }
            spans[g] /= group.largest() / 2f;
        }
        return spans;
    }

    /**
     * The sums of errors of each candidate.
     *
     * @param spans of all outputs
     * @return [groups, candidates]
     */
    public long[] errors(float[] spans, float[] weights, int at, int outputs, Workers workers) {
        Objects.checkFromIndexSize(at, Math.multiplyExact(outputs, order.length), weights.length);
        int pieces = (outputs + WIDTH - 1) / WIDTH;
        long[][] ofPieces = new long[pieces][];
        workers.run(pieces, piece -> {
            int first = piece * WIDTH;
            ofPieces[piece] = panel(spans, weights, at + first * order.length, Math.min(WIDTH, outputs - first));
        });
        long[] errors = new long[spans.length * STEPS];
        for (long[] ofPiece : ofPieces) {
            for (int i = 0; i < errors.length; i++) {
                errors[i] += ofPiece[i];
            }
        }
        return errors;
    }

    /**
     * The maxima.
     *
     * @param spans of all outputs
     * @param errors of all outputs
     * @throws IllegalArgumentException if one does not fit half precision
     */
    public short[] maxima(float[] spans, long[] errors) {
        short[] maxima = new short[spans.length];
        for (int g = 0; g < maxima.length; g++) {
            maxima[g] = maximum(spans[g], errors, g * STEPS);
        }
        return maxima;
    }

    /**
     * The maximum of a group.
     *
     * @param errors of all candidates, from {@code at} on
     */
    static short maximum(float span, long[] errors, int at) {
        int best = 0;
        for (int step = 1; step < STEPS; step++) {
            if (errors[at + step] < errors[at + best]) {
                best = step;
            }
        }
        short maximum = HalfFloat.fromFloat(span * p(best));
        if (!(HalfFloat.toFloat(maximum) < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a scale of " + span * p(best) + " does not fit half precision:"
                    + " the weights are too large for EXL2");
        }
        return maximum;
    }

    /** A candidate. */
    static float p(int step) {
        float share = (float) step / (STEPS - 1);
        return LEAST_P * (1 - share) + MOST_P * share;
    }

    /** The 3.5th power. */
    static double power(double of) {
        return of * of * of * Math.sqrt(of);
    }

    private long[] panel(float[] spans, float[] weights, int at, int rows) {
        long[] errors = new long[spans.length * STEPS];
        float[] scales = new float[WIDTH];
        float[] sums = new float[WIDTH];
        double[] parts = new double[WIDTH];
        for (int g = 0; g < spans.length; g++) {
            GroupLayout.Group group = layout.groups().get(g);
            float[] columns = columns(group, weights, at, rows);
            scales(group, spans[g], columns, scales);
            for (int row = 0; row < rows; row++) {
                parts[row] = spans[g] == 0 ? 0 : PARTS * power((double) scales[row] / spans[g]);
            }
            for (int step = 0; step < STEPS; step++) {
                float p = p(step);
                for (int i = 0; i < WIDTH; i += Lanes.COUNT) {
                    sum(columns, i, group, FloatVector.fromArray(Lanes.FLOAT, scales, i).mul(p)).intoArray(sums, i);
                }
                double power = power(p);
                long error = 0;
                for (int row = 0; row < rows; row++) {
                    error += (long) (parts[row] * power * sums[row]);
                }
                errors[g * STEPS + step] = error;
            }
        }
        return errors;
    }

    private float[] columns(GroupLayout.Group group, float[] weights, int at, int rows) {
        float[] columns = new float[group.size() * WIDTH];
        for (int i = 0; i < group.size(); i++) {
            int channel = order[group.first() + i];
            for (int row = 0; row < rows; row++) {
                columns[i * WIDTH + row] = weights[at + row * order.length + channel];
            }
        }
        return columns;
    }

    /** The scale of each output before p, by ExLlamaV2's rule. */
    private static void scales(GroupLayout.Group group, float span, float[] columns, float[] scales) {
        Arrays.fill(scales, 0);
        for (int i = 0; i < columns.length; i++) {
            scales[i % WIDTH] = Math.max(scales[i % WIDTH], Math.abs(columns[i]));
        }
        for (int row = 0; row < WIDTH; row++) {
            double share = span == 0 ? 0 : scales[row] / (group.largest() / 2f) / span;
            double root = Math.max(1, Math.min(SquaredScales.CODES, Math.rint(Math.sqrt(share) * SquaredScales.CODES)));
            scales[row] = (float) (root * root / (SquaredScales.CODES * SquaredScales.CODES)) * span;
        }
    }

    /** The sums of the 3.5th powers of errors in steps. */
    private static FloatVector sum(float[] columns, int at, GroupLayout.Group group, FloatVector scale) {
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, 1).div(scale.max(Float.MIN_NORMAL));
        float least = -group.zero();
        float most = group.zero() - 1;
        FloatVector sum = FloatVector.zero(Lanes.FLOAT);
        for (int i = at; i < columns.length; i += WIDTH) {
            FloatVector steps = FloatVector.fromArray(Lanes.FLOAT, columns, i).mul(inverse);
            FloatVector error = steps.max(least).min(most).add(NearestInt.ROUNDING).sub(NearestInt.ROUNDING).sub(steps).abs();
            sum = sum.add(error.mul(error).mul(error).mul(error.sqrt()));
        }
        return sum;
    }
}
