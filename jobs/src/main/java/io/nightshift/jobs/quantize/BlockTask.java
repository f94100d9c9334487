package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.LinearRounder;
import io.nightshift.jobs.rounding.LinearRounder.Rounded;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.UnstorableRowException;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/**
 * Rounds and packs a block of rows, within a task. Memory: about 25 bytes a weight of the block, besides what {@link
 * InputMatrices} shares among tasks.
 */
final class BlockTask {
    private BlockTask() {}

    /**
     * A block, rounded but not packed.
     *
     * @param rows what was rounded
     */
    private record Made(RowBlock block, LinearRounder.Rows rows, RowCoder coder, Rounded rounded, long bytesRead) {}

    /**
     * A block with its weights.
     *
     * @param weights as a reader sees them, with all scales taken back
     */
    record WithWeights(RoundedBlock block, float[] weights) {}

    /**
     * Rounds.
     *
     * @param factors statistics and factors; null where none are used
     * @param output number of the output
     * @throws InvalidModelException if weights are damaged, or too large for the format
     */
    static RoundedBlock run(RowBlock block, int output, ModelFolder source, Factors factors, Workers workers)
            throws IOException {
        return packed(make(block, output, source, factors, workers));
    }

    /** The same, for a model that goes on with the weights. */
    static WithWeights withWeights(RowBlock block, int output, ModelFolder source, Factors factors, Workers workers)
            throws IOException {
        Made made = make(block, output, source, factors, workers);
        return new WithWeights(
                packed(made), LinearRounder.unfolded(made.rows(), made.coder(), made.rounded().encoded()));
    }

    private static Made make(RowBlock block, int output, ModelFolder source, Factors factors, Workers workers)
            throws IOException {
        Item.Gathered item = block.item();
        LinearRows reader = new LinearRows(source);
        float[] weights = reader.read(item.linear().source(), block.from(), block.to());
        LinearRounder.Rows rows = new LinearRounder.Rows(item.linear().module(), weights, block.from(), block.rows(),
                Math.toIntExact(item.linear().inputs()), item.linear().outputs(), block.treatment().folding(),
                Metric.NONE);
        LinearRounder rounder = new LinearRounder(workers);
        RowCoder coder = block.encoding().coder();
        Rounded rounded;
        try {
            rounded = block.treatment().isMeasured()
                    ? InputMatrices.of(factors).with(factors, block.treatment().input(0), workers, matrices ->
                            rounder.round(rows, block.encoding(), coder, matrices, output))
                    : rounder.nearest(rows, coder, output);
        } catch (UnstorableRowException e) {
            throw new InvalidModelException(
                    item.linear().weight() + ", row " + (block.from() + e.row()) + ": " + e.why(), e);
        }
        RunCounter.BYTES_READ.add(reader.bytesRead());
        return new Made(block, rows, coder, rounded, reader.bytesRead());
    }

    private static RoundedBlock packed(Made made) {
        return new RoundedBlock(
                made.block().item().packing().pack(made.block().from(), made.rounded().encoded()),
                summary(made.block(), made.coder(), made.rounded(), made.bytesRead()));
    }

    private static RoundedBlock.Summary summary(RowBlock block, RowCoder coder, Rounded rounded, long bytesRead) {
        EncodedRows encoded = rounded.encoded();
        float[] row = new float[encoded.columns()];
        RowChecksum checksum = new RowChecksum();
        coder.decode(encoded, 0, 1, row, 0);
        checksum.add(row);
        TensorError error = TensorError.of(rounded.folded(), row, row.length);
        coder.decode(encoded, encoded.rows() - 1, 1, row, 0);
        checksum.add(row);
        return new RoundedBlock.Summary(block.item().linear().module(), block.from(), block.rows(), checksum.value(),
                rounded.loss(), error, bytesRead);
    }
}
