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

    Exl2Coder(GroupLayout layout, int[] order, short[] maxima) {
        this.layout = layout;
        this.order = order;
        this.maxima = maxima;
    }

    @Override
    public Exl2Rows nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers) {
        LateScales scales = new LateScales(layout, maxima, rows);
        byte[] levels = new byte[rows * columns];
        workers.run((rows + WIDTH - 1) / WIDTH, piece -> {
            int first = piece * WIDTH;
            int count = Math.min(WIDTH, rows - first);
            for (int group = 0; group < layout.groups().size(); group++) {
                nearest(scales, group, weights, at, first, count, metric, levels);
            }
        });
        return new Exl2Rows(layout, order, maxima, rows, levels, scales.codes());
    }

    private void nearest(LateScales scales, int group, float[] weights, int at, int first, int rows, Metric metric,
            byte[] levels) {
        GroupLayout.Group places = layout.groups().get(group);
        float[] columns = new float[places.size() * WIDTH];
        float[] importance = new float[places.size()];
        for (int i = 0; i < places.size(); i++) {
            int channel = order[places.first() + i];
            importance[i] = importance(metric, channel);
            for (int row = 0; row < rows; row++) {
                columns[i * WIDTH + row] = weights[at + (first + row) * order.length + channel];
            }
        }
        float[] chosen = new float[WIDTH];
        scales.choose(group, first, rows, columns, WIDTH, importance, chosen);
        float[] none = new float[WIDTH];
        int[] level = new int[WIDTH];
        float[] value = new float[WIDTH];
        Levels of = scales.levels(group);
        for (int i = 0; i < places.size(); i++) {
            of.round(columns, i * WIDTH, WIDTH, chosen, none, 0, level, value);
            for (int row = 0; row < rows; row++) {
                levels[(first + row) * order.length + order[places.first() + i]] = (byte) level[row];
            }
        }
    }

    private static float importance(Metric metric, int channel) {
        return metric instanceof Metric.Statistics statistics ? statistics.diagonal()[channel]
                : metric instanceof Metric.Importance importance ? importance.columns()[channel]
                : 1;
    }

    @Override
    public Exl2Rows feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor,
            Metric.Statistics metric, Workers workers) {
        if (!Arrays.equals(order, factor.roundingOrder())) {
            throw new IllegalArgumentException("the factor rounds channels in another order than the layer was settled with");
        }
        LateScales scales = new LateScales(layout, maxima, rows);
        byte[] levels = new byte[rows * order.length];
        LateFeedback.round(factor, weights, 0, rows, scales, levels, workers);
        return new Exl2Rows(layout, order, maxima, rows, levels, scales.codes());
    }

    @Override
    public void decode(EncodedRows encoded, int first, int rows, float[] values, int at) {
        for (int row = 0; row < rows; row++) {
            ((Exl2Rows) encoded).dequantize(first + row, values, at + row * order.length);
        }
    }
}
