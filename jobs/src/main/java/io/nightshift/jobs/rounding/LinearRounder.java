package io.nightshift.jobs.rounding;

import io.nightshift.jobs.rounding.InputMatrices.Matrices;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Folds scales into rows of linear layers, rounds them, and measures what was lost, within a task. What becomes of a row
 * follows from the row, its scales and its input's statistics alone, so that neither pieces nor executors change it.
 *
 * <p>Memory: about 25 bytes for each weight that is given at once, besides what {@link InputMatrices} shares among the tasks
 * of an executor.
 */
public final class LinearRounder {
    /** Rows of a linear layer that are measured, about: those whose number is a multiple of a step. */
    private static final int MEASURED_ROWS = 512;

    private final Workers workers;

    /** A rounder for one task. */
    public LinearRounder(Workers workers) {
        this.workers = workers;
    }

    /**
     * Rows of one linear layer, on their way into one output.
     *
     * @param module the layer's name
     * @param weights row-major from 0, as the model has them; they stay as they are
     * @param first number of the first row in its tensor, experts counted one after another
     * @param count number of rows
     * @param columns weights a row
     * @param rowsOfLinear all rows of the layer: rows of a tensor with experts belong to the expert that
     *     {@code first / rowsOfLinear} is
     * @param folding what scales make of them
     * @param unscaled what errors cost when the rows are rounded without scales, for comparison
     */
    public record Rows(String module, float[] weights, long first, int count, int columns, long rowsOfLinear,
            RowFolding folding, Metric unscaled) {}

    /**
     * Rounded rows.
     *
     * @param folded what was rounded: with scales folded in
     * @param encoded what came out
     * @param loss what was measured
     */
    public record Rounded(float[] folded, EncodedRows encoded, LinearLoss loss) {}

    /**
     * Rounds.
     *
     * @param encoding of the output
     * @param coder of that encoding
     * @param matrices of the layer's scaled input
     * @param output number of the output, for the loss
     * @throws io.nightshift.kernels.encoding.UnstorableRowException if rows are too large for the format
     */
    public Rounded round(Rows rows, RowEncoding encoding, RowCoder coder, Matrices matrices, int output) {
        float[] folded = rows.folding().apply(rows.weights(), rows.first(), rows.count(), rows.columns());
        int[] sample = sample(rows);
        boolean startsFromNearest = matrices.factor() == null || encoding.startsFromNearest();
        EncodedRows nearest = startsFromNearest
                ? nearest(coder, folded, rows.count(), rows.columns(), matrices)
                : nearest(coder, sampled(folded, sample, rows.columns()), sample.length, rows.columns(), matrices);
        EncodedRows written = written(coder, startsFromNearest ? nearest : null, folded, rows.count(), matrices);
        int[] places = startsFromNearest ? sample : places(sample.length);
        return new Rounded(
                folded, written, loss(rows, sample, encoding, coder, matrices, output, nearest, places, written));
    }

    private EncodedRows nearest(RowCoder coder, float[] folded, int count, int columns, Matrices matrices) {
        return coder.nearest(folded, 0, count, columns, metric(matrices), workers);
    }

    private EncodedRows written(RowCoder coder, EncodedRows nearest, float[] folded, int count, Matrices matrices) {
        return matrices.factor() == null
                ? nearest
                : coder.feedback(nearest, folded, count, matrices.factor(), metric(matrices), workers);
    }

    private static Metric.Statistics metric(Matrices matrices) {
        return new Metric.Statistics(matrices.diagonal(), matrices.squares());
    }

    /**
     * What rounding would make of rows, as a reader sees them, with all scales taken back.
     *
     * @param encoding of the output
     * @param matrices of the layer's scaled input
     * @return as many weights as the rows have
     */
    public float[] rounded(Rows rows, RowEncoding encoding, Matrices matrices) {
        RowCoder coder = encoding.coder();
        float[] folded = rows.folding().apply(rows.weights(), rows.first(), rows.count(), rows.columns());
        EncodedRows nearest = matrices.factor() == null || encoding.startsFromNearest()
                ? nearest(coder, folded, rows.count(), rows.columns(), matrices)
                : null;
        EncodedRows written = written(coder, nearest, folded, rows.count(), matrices);
        return unfolded(rows, coder, written);
    }

    /** What rounding would lose of rows, as a share of their signal. */
    public double relativeLoss(Rows rows, RowEncoding encoding, Matrices matrices) {
        double loss = sum(matrices, changes(rounded(rows, encoding, matrices), rows.weights()), rows.count());
        double signal = sum(matrices, rows.weights(), rows.count());
        return signal == 0 ? loss : loss / signal;
    }

    private static int[] places(int count) {
        return IntStream.range(0, count).toArray();
    }

    /** Rounds to nearest where there are no statistics. */
    public Rounded nearest(Rows rows, RowCoder coder, int output) {
        float[] folded = rows.folding().apply(rows.weights(), rows.first(), rows.count(), rows.columns());
        EncodedRows encoded = coder.nearest(folded, 0, rows.count(), rows.columns(), rows.unscaled(), workers);
        LinearLoss none = new LinearLoss(output, rows.module(), 0, 0, 0, 0, 0, encoded.groups(), 0, 0, 0);
        return new Rounded(folded, encoded, none);
    }

    private LinearLoss loss(Rows rows, int[] sample, RowEncoding encoding, RowCoder coder, Matrices matrices, int output,
            EncodedRows nearest, int[] ofNearest, EncodedRows written) {
        float[] original = sampled(rows.weights(), sample, rows.columns());
        double scaled = loss(rows, sample, original, coder, matrices, nearest, ofNearest);
        double asTheyAre = scaled;
        if (!rows.folding().isNone() || encoding.searchesGroups()) {
            float[] values = new float[original.length];
            RowCoder plain = rows.folding().isNone() ? coder : encoding.ofSingleRows();
            plain.roundTrip(original, 0, sample.length, rows.columns(), rows.unscaled(), values);
            asTheyAre = sum(matrices, changes(values, original), sample.length);
        }
        return new LinearLoss(
                output,
                rows.module(),
                sample.length,
                sum(matrices, original, sample.length),
                asTheyAre,
                scaled,
                matrices.factor() == null ? scaled : loss(rows, sample, original, coder, matrices, written, sample),
                written.groups(),
                written.clippedGroups(),
                matrices.factor() == null ? 0 : matrices.factor().damping(),
                matrices.factor() == null ? 0 : matrices.factor().silentChannels());
    }

    private static int[] sample(Rows rows) {
        long step = Math.max(1, rows.rowsOfLinear() / MEASURED_ROWS);
        int[] sample = new int[rows.count()];
        int count = 0;
        for (int row = 0; row < rows.count(); row++) {
            if ((rows.first() + row) % rows.rowsOfLinear() % step == 0) {
                sample[count++] = row;
            }
        }
        return Arrays.copyOf(sample, count);
    }

    private static float[] sampled(float[] weights, int[] sample, int columns) {
        float[] chosen = new float[sample.length * columns];
        for (int i = 0; i < sample.length; i++) {
            System.arraycopy(weights, sample[i] * columns, chosen, i * columns, columns);
        }
        return chosen;
    }

    /** The loss of some rows, of which {@code encoded} has each at a place of its own. */
    private double loss(Rows rows, int[] sample, float[] original, RowCoder coder, Matrices matrices, EncodedRows encoded,
            int[] places) {
        return sum(matrices, changes(unfolded(rows, coder, encoded, sample, places), original), sample.length);
    }

    /** Encoded rows as a reader sees them, with all scales taken back: as many weights as the rows have. */
    public static float[] unfolded(Rows rows, RowCoder coder, EncodedRows encoded) {
        return unfolded(rows, coder, encoded, places(rows.count()), places(rows.count()));
    }

    private static float[] unfolded(Rows rows, RowCoder coder, EncodedRows encoded, int[] sample, int[] places) {
        int columns = rows.columns();
        float[] values = new float[sample.length * columns];
        for (int i = 0; i < sample.length; i++) {
            coder.decode(encoded, places[i], 1, values, i * columns);
            rows.folding().undo(values, i * columns, columns, rows.first() + sample[i]);
        }
        return values;
    }

    private static float[] changes(float[] values, float[] original) {
        for (int i = 0; i < values.length; i++) {
            values[i] -= original[i];
        }
        return values;
    }

    private double sum(Matrices matrices, float[] changes, int rows) {
        double sum = 0;
        for (double ofRow : matrices.loss().ofRows(changes, 0, rows, workers)) {
            sum += ofRow;
        }
        return sum;
    }
}
