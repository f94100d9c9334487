package io.nightshift.kernels.exl2;

import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rounds each row as if it were the only output of its layer: what can be said of a row before the layer is known. Channels go
 * by the metric, the most important first.
 */
final class RowByRowCoder implements RowCoder {
    private final GroupLayout layout;

    RowByRowCoder(GroupLayout layout) {
        this.layout = layout;
    }

    /** Rows that have nothing in common. */
    private record SingleRows(int columns, List<Exl2Rows> each) implements EncodedRows {
        @Override
        public int rows() {
            return each.size();
        }
    }

    @Override
    public EncodedRows nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers) {
        int[] order = order(metric);
        LoneRow alone = new LoneRow(layout, order);
        float[] importance = Exl2Coder.importance(metric, columns);
        Exl2Rows[] each = new Exl2Rows[rows];
        workers.run(rows, row -> each[row] = alone.nearest(weights, at + row * columns, importance));
        return new SingleRows(columns, List.of(each));
    }

    private int[] order(Metric metric) {
        float[] importance = Exl2Coder.importance(metric, layout.channels());
        return IntStream.range(0, layout.channels()).boxed()
                .sorted(Comparator.comparing(channel -> -importance[channel]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    @Override
    public EncodedRows feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor,
            Metric.Statistics metric, Workers workers) {
        throw new IllegalStateException("the encoding was not settled for a layer");
    }

    @Override
    public void decode(EncodedRows encoded, int first, int rows, float[] values, int at) {
        for (int row = 0; row < rows; row++) {
            Exl2Rows single = ((SingleRows) encoded).each().get(first + row);
            new Exl2Coder(layout, single.order(), single.maxima()).decode(single, 0, 1, values, at + row * layout.channels());
        }
    }
}
