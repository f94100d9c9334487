package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.InputMatrices.Matrices;
import io.nightshift.jobs.rounding.RowRounding;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Scales rows and rounds them with error feedback, within a task. A row's blocks are a function of the row, its scales and
 * its input's statistics, so that neither pieces nor executors change them.
 *
 * <p>Memory: about 30 bytes for each of {@value #WEIGHTS_AT_ONCE} weights, besides what {@link InputMatrices} shares among
 * the tasks of an executor: 4 * channels² bytes for each target, where a target has scales, and else for all together.
 */
final class RowRounder implements AutoCloseable {
    /** Weights that are rounded at once, about: rows share what the factor costs to read. */
    static final int WEIGHTS_AT_ONCE = 1 << 20;

    private final Factors factors;
    private final RowEncoder encoder;
    private final Workers workers = TaskWorkers.open();
    private final Map<String, RoundingLoss> losses = new LinkedHashMap<>();
    private StatisticsReader statistics;

    private RowSpan span;
    private TensorRecipe tensor;
    private SpanRounding rounding;
    private final Matrices[] matrices;

    /** Rounds what an encoder is given. */
    RowRounder(Factors factors, RowEncoder encoder, int targets) {
        this.factors = factors;
        this.encoder = encoder;
        this.matrices = new Matrices[targets];
    }

    /** What is done with rows. */
    interface Action {
        void run() throws IOException;
    }

    /** Takes the span that rows come from. */
    void take(RowSpan span, TensorRecipe tensor, SpanRounding rounding) {
        this.span = span;
        this.tensor = tensor;
        this.rounding = rounding;
    }

    /**
     * Does something with the statistics of rows at hand: those of all targets that need them.
     *
     * @param row one of them; they belong to one linear layer
     */
    void withStatistics(long row, Action action) throws IOException {
        withStatistics(0, row, action);
    }

    private void withStatistics(int target, long row, Action action) throws IOException {
        if (target == matrices.length) {
            action.run();
            return;
        }
        if (!rounding.rounded().get(target)) {
            withStatistics(target + 1, row, action);
            return;
        }
        if (statistics == null) {
            statistics = factors.statistics().open();
        }
        ScaledInput input = RoundingRun.input(
                statistics, rounding.linear(tensor, row), target, rounding.columnScales(target, tensor, row));
        InputMatrices.ofThisProcess().with(factors, input, workers, found -> {
            matrices[target] = found;
            try {
                withStatistics(target + 1, row, action);
                return null;
            } finally {
                matrices[target] = null;
            }
        });
    }

    /** The losses of all rows so far, one for each target and linear layer. */
    List<RoundingLoss> losses() {
        return List.copyOf(losses.values());
    }

    /**
     * The rows that the encoder was given as blocks of a target, in an array that the next call overwrites.
     *
     * @param target index of the target
     * @param first the first of the rows, in the tensor
     */
    byte[] encode(int target, GgmlType type, long first, int rows) {
        SpanFolding folding = rounding.foldings().get(target);
        boolean rounded = rounding.rounded().get(target);
        if (folding.isNone() && !rounded) {
            return encoder.encode(type);
        }
        int columns = Math.toIntExact(tensor.columns());
        float[] original = Arrays.copyOf(encoder.weights(), rows * columns);
        if (folding.elementDivisors() != null) {
            return encoder.encode(type, quotients(original, folding.elementDivisors()), null);
        }
        float[] weights = original;
        if (folding.rowDivisors() != null) {
            weights = original.clone();
            RowRounding.divide(weights, Math.toIntExact(first - span.firstRow()), rows, columns, folding.rowDivisors());
        }
        float[] scales = rounding.columnScales(target, tensor, first);
        float[] scaled = RowRounding.scaled(weights, columns, scales);
        if (!rounded) {
            return encoder.encode(type, scaled, encoder.importance());
        }
        Matrices ofInput = matrices[target];
        FeedbackFactor factor = ofInput.factor();
        byte[] blocks = encoder.encode(type, scaled, Importance.of(ofInput.diagonal()));
        Measure measure = new Measure(target, type, first, rows, original, folding.rowDivisors(), scales);
        measure.nearest(encoder.importance(), blocks);
        if (factor != null) {
            new FeedbackBlocks(type, factor, ofInput.diagonal(), rows, workers).round(encoder, scaled, blocks);
            encoder.requireValid(type);
        }
        measure.rounded(blocks);
        return blocks;
    }

    private static float[] quotients(float[] weights, float[] divisors) {
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= divisors[i];
        }
        return weights;
    }

    /** Losses of some of the rows: those of the linear layer that are multiples of a step. */
    private final class Measure {
        /** Rows of a linear layer that are measured, about. */
        private static final int ROWS = 512;

        private final int target;
        private final GgmlType type;
        private final int[] sample;
        private final LinearLayer linear;
        private final int columns = Math.toIntExact(tensor.columns());
        private final float[] original;
        private final float[] divisors;
        private final float[] scales;
        private double nearest;
        private double scaled;

        Measure(int target, GgmlType type, long first, int rows, float[] all, float[] rowDivisors, float[] scales) {
            this.target = target;
            this.type = type;
            this.linear = rounding.linear(tensor, first);
            this.scales = scales;
            long rowsPerExpert = tensor.shape().get(1);
            long step = Math.max(1, rowsPerExpert / ROWS);
            int[] chosen = new int[rows];
            int count = 0;
            for (int row = 0; row < rows; row++) {
                if ((first + row) % rowsPerExpert % step == 0) {
                    chosen[count++] = row;
                }
            }
            this.sample = Arrays.copyOf(chosen, count);
            this.original = new float[count * columns];
            this.divisors = rowDivisors == null ? null : new float[count];
            for (int i = 0; i < count; i++) {
                System.arraycopy(all, sample[i] * columns, original, i * columns, columns);
                if (divisors != null) {
                    divisors[i] = rowDivisors[Math.toIntExact(first - span.firstRow()) + sample[i]];
                }
            }
        }

        /** Without scales, and what the blocks are before error feedback. */
        void nearest(float[] importance, byte[] blocks) {
            scaled = loss(blocks);
            nearest = scaled;
            if (scales != null || divisors != null) {
                float[] rounded = new float[original.length];
                encoder.nearest(type, original, sample.length, importance, rounded);
                nearest = sum(changes(rounded, null, null));
            }
        }

        void rounded(byte[] blocks) {
            double rounded = matrices[target].factor() == null ? scaled : loss(blocks);
            double signal = RowRounding.signal(matrices[target].loss(), original, sample.length, workers);
            RoundingLoss loss = new RoundingLoss(target, linear.module(), sample.length, signal, nearest, scaled, rounded,
                    matrices[target].factor() == null ? 0 : matrices[target].factor().damping(),
                    matrices[target].factor() == null ? 0 : matrices[target].factor().silentChannels());
            losses.merge(target + " " + linear.module(), loss, RoundingLoss::plus);
        }

        private double loss(byte[] blocks) {
            float[] rounded = new float[original.length];
            for (int i = 0; i < sample.length; i++) {
                encoder.decode(type, blocks, sample[i], rounded, i);
            }
            return sum(changes(rounded, scales, divisors));
        }

        private float[] changes(float[] rounded, float[] scales, float[] divisors) {
            for (int row = 0; row < sample.length; row++) {
                for (int i = 0; i < columns; i++) {
                    float value = rounded[row * columns + i];
                    value = scales == null ? value : value / scales[i];
                    value = divisors == null ? value : value * divisors[row];
                    rounded[row * columns + i] = value - original[row * columns + i];
                }
            }
            return rounded;
        }

        private double sum(float[] changes) {
            double sum = 0;
            for (double ofRow : matrices[target].loss().ofRows(changes, 0, sample.length, workers)) {
                sum += ofRow;
            }
            return sum;
        }
    }

    @Override
    public void close() {
        workers.close();
    }
}
