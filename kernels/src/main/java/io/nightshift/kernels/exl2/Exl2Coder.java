package io.nightshift.kernels.exl2;

import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.linear.LeftFactor;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.LateFeedback;
import io.nightshift.kernels.rounding.Levels;
import java.util.Arrays;

/** Makes outputs of one linear layer whose maxima are known. For one thread. */
final class Exl2Coder implements RowCoder {
    private static final int WIDTH = LeftFactor.WIDTH;

    private final GroupLayout layout;
    private final int[] order;
    private final short[] maxima;
    private final float[][] scales;
    private final float[][] decoded;

    Exl2Coder(GroupLayout layout, int[] order, short[] maxima) {
        this.layout = layout;
        this.order = order;
        this.maxima = maxima;
        this.scales = new float[maxima.length][];
        for (int group = 0; group < maxima.length; group++) {
            scales[group] = SquaredScales.of(maxima[group]);
        }
        this.decoded = new float[maxima.length * SquaredScales.CODES][];
    }

    /** What errors in each channel cost: all the same where nothing is known. */
    static float[] importance(Metric metric, int channels) {
        if (metric instanceof Metric.Statistics statistics) {
            return statistics.diagonal();
        } else if (metric instanceof Metric.Importance importance) {
            return importance.columns();
        }
        float[] same = new float[channels];
        Arrays.fill(same, 1);
        return same;
    }

    @Override
    public Exl2Rows nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers) {
        LateScales chosen = new LateScales(layout, maxima, rows);
        byte[] levels = new byte[rows * columns];
        float[] importance = importance(metric, columns);
        workers.run((rows + WIDTH - 1) / WIDTH, piece -> {
            int first = piece * WIDTH;
            int count = Math.min(WIDTH, rows - first);
            for (int group = 0; group < layout.groups().size(); group++) {
                nearest(chosen, group, weights, at, first, count, importance, levels);
            }
        });
        return new Exl2Rows(layout, order, maxima, rows, levels, chosen.codes());
    }

    private void nearest(LateScales grid, int group, float[] weights, int at, int first, int rows, float[] ofChannels,
            byte[] levels) {
        GroupLayout.Group places = layout.groups().get(group);
        float[] columns = new float[places.size() * WIDTH];
        float[] importance = new float[places.size()];
        for (int i = 0; i < places.size(); i++) {
            int channel = order[places.first() + i];
            importance[i] = ofChannels[channel];
            for (int row = 0; row < rows; row++) {
                columns[i * WIDTH + row] = weights[at + (first + row) * order.length + channel];
            }
        }
        float[] chosen = new float[WIDTH];
        grid.choose(group, first, rows, columns, WIDTH, importance, chosen);
        float[] none = new float[WIDTH];
        int[] level = new int[WIDTH];
        float[] value = new float[WIDTH];
        Levels of = grid.levels(group);
        for (int i = 0; i < places.size(); i++) {
            of.round(columns, i * WIDTH, WIDTH, chosen, none, 0, level, value);
            for (int row = 0; row < rows; row++) {
                levels[(first + row) * order.length + order[places.first() + i]] = (byte) level[row];
            }
        }
    }

    @Override
    public Exl2Rows feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor,
            Metric.Statistics metric, Workers workers) {
        if (!Arrays.equals(order, factor.roundingOrder())) {
            throw new IllegalArgumentException("the factor rounds channels in another order than the layer was settled with");
        }
        LateScales chosen = new LateScales(layout, maxima, rows);
        byte[] levels = new byte[rows * order.length];
        LateFeedback.round(factor, weights, 0, rows, chosen, levels, workers);
        return new Exl2Rows(layout, order, maxima, rows, levels, chosen.codes());
    }

    @Override
    public void decode(EncodedRows encoded, int first, int rows, float[] values, int at) {
        Exl2Rows of = (Exl2Rows) encoded;
        for (int row = 0; row < rows; row++) {
            int levels = (first + row) * order.length;
            int to = at + row * order.length;
            for (int g = 0; g < scales.length; g++) {
                GroupLayout.Group group = layout.groups().get(g);
                float[] ofLevels = values(g, of.codes()[(first + row) * scales.length + g]);
                for (int place = group.first(); place < group.end(); place++) {
                    int channel = order[place];
                    values[to + channel] = ofLevels[of.levels()[levels + channel] + group.zero()];
                }
            }
        }
    }

    /** What the levels of a group stand for with one of its scales, the least level first. */
    private float[] values(int group, int code) {
        int at = group * SquaredScales.CODES + code;
        if (decoded[at] == null) {
            int zero = layout.groups().get(group).zero();
            decoded[at] = new float[2 * zero];
            for (int i = 0; i < 2 * zero; i++) {
                decoded[at][i] = SquaredScales.half((i - zero) * scales[group][code]);
            }
        }
        return decoded[at];
    }
}
