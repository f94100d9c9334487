package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.TensorParts;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.layout.Item;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.quantize.PartInput.Segment;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.InputMatrices.Matrices;
import io.nightshift.jobs.rounding.LinearLoss;
import io.nightshift.jobs.rounding.LinearRounder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.encoding.BlockCoder;
import io.nightshift.kernels.encoding.Blocks;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.encoding.UnstorableRowException;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes rows of tensors for all files that are cut alike, within a task: reads them once, in blocks of a few MiB, and encodes
 * them for each file.
 *
 * <p>Memory: a block of source rows and what is worked on at once: {@value #WEIGHTS_AT_ONCE} weights, or {@value
 * #WEIGHTS_ROUNDED_AT_ONCE} that are rounded by statistics (see {@link LinearRounder}).
 */
final class RowsWriter {
    /** Source bytes that are read at once, about. */
    private static final int BLOCK_BYTES = 4 << 20;

    /** Weights that are quantized at once, about: what fits the cache together with the blocks made of it. */
    static final int WEIGHTS_AT_ONCE = 1 << 15;

    /** Weights that are rounded by statistics at once, about: rows share what the factor costs to read. */
    static final int WEIGHTS_ROUNDED_AT_ONCE = 1 << 20;

    /** A row that comes back with a larger relative error than this was not quantized but garbled. */
    private static final double GARBLED = 1.25;

    private final RowReader reader;
    private final Factors factors;
    private final List<PartInput.Output> outputs;
    private final List<PartWriter> writers;
    private final LinearRounder rounder;
    private final Workers workers;
    private final TensorRows rows = new TensorRows();
    private final Map<GgmlType, BlockCoder> coders = new EnumMap<>(GgmlType.class);
    private final Map<String, LinearLoss> losses = new LinkedHashMap<>();
    private final Matrices[] matrices;
    private byte[] block = new byte[BLOCK_BYTES];
    private byte[] blocks = {};
    private float[] readBack = {};
    private TensorError[] errors;
    private long reading;
    private long writing;

    /**
     * A writer for one task.
     *
     * @param factors statistics and factors; null where none are used
     * @param writers one for each output
     */
    RowsWriter(RowReader reader, Factors factors, List<PartInput.Output> outputs, List<PartWriter> writers, Workers workers) {
        this.reader = reader;
        this.factors = factors;
        this.outputs = outputs;
        this.writers = writers;
        this.workers = workers;
        this.rounder = new LinearRounder(workers);
        this.matrices = new Matrices[writers.size()];
    }

    /** Nanoseconds spent on reading. */
    long reading() {
        return reading;
    }

    /** Nanoseconds spent on handing bytes to the store. */
    long writing() {
        return writing;
    }

    /** The losses of all rows so far, one for each output and linear layer. */
    List<LinearLoss> losses() {
        return List.copyOf(losses.values());
    }

    /**
     * Writes a segment of {@link Item.Rows}.
     *
     * @return what was lost on the rows that were read back, one for each file
     * @throws io.nightshift.formats.InvalidModelException if a weight cannot be used
     */
    TensorError[] write(Segment segment) throws IOException {
        errors = new TensorError[writers.size()];
        Arrays.fill(errors, TensorError.NONE);
        TensorRecipe tensor = ((Item.Rows) segment.first()).tensor();
        TensorParts parts = new TensorParts(tensor, (TensorRecipe.Stored) tensor.content());
        if (segment.works().stream().allMatch(work -> work.treatment().isPlain())) {
            read(segment, parts, segment.from(), segment.to(), WEIGHTS_AT_ONCE);
            return errors;
        }
        for (long row = segment.from(); row < segment.to(); row = Math.min(segment.to(), parts.end(row))) {
            withStatistics(0, segment, parts, row);
        }
        return errors;
    }

    /** Writes the rows of one linear layer, the statistics of all files that need them at hand. */
    private void withStatistics(int file, Segment segment, TensorParts parts, long row) throws IOException {
        if (file == matrices.length) {
            read(segment, parts, row, Math.min(segment.to(), parts.end(row)), WEIGHTS_ROUNDED_AT_ONCE);
            return;
        }
        Treatment treatment = segment.works().get(file).treatment();
        if (!treatment.isMeasured()) {
            withStatistics(file + 1, segment, parts, row);
            return;
        }
        long expert = row / parts.tensor().rowsPerExpert();
        InputMatrices.of(factors).with(factors, treatment.input(expert), workers, found -> {
            matrices[file] = found;
            try {
                withStatistics(file + 1, segment, parts, row);
                return null;
            } finally {
                matrices[file] = null;
            }
        });
    }

    private void read(Segment segment, TensorParts parts, long from, long to, int weightsAtOnce) throws IOException {
        TensorRecipe tensor = parts.tensor();
        int rowBytes = Math.toIntExact(RowReader.bytes(tensor, parts.stored(), 1));
        long rowsAtOnce = Math.max(1, BLOCK_BYTES / rowBytes);
        for (long row = from; row < to; row += rowsAtOnce) {
            long until = Math.min(to, row + rowsAtOnce);
            int bytes = Math.toIntExact((until - row) * rowBytes);
            if (block.length < bytes) {
                block = new byte[bytes];
            }
            long start = System.nanoTime();
            reader.read(tensor, parts.stored(), row, until, block);
            reading += System.nanoTime() - start;
            encode(segment, parts, row, until, rowBytes, weightsAtOnce);
        }
    }

    private void encode(Segment segment, TensorParts parts, long from, long to, int rowBytes, int weightsAtOnce)
            throws IOException {
        TensorRecipe tensor = parts.tensor();
        int rowsAtOnce = Math.max(1, weightsAtOnce / Math.toIntExact(tensor.columns()));
        long row = from;
        while (row < to) {
            // Neither a source tensor nor an expert ends within what is encoded at once.
            long until = Math.min(Math.min(to, row + rowsAtOnce), parts.end(row));
            rows.take(tensor, parts.at(row), parts.stored().type(), block, Math.toIntExact((row - from) * rowBytes), row,
                    (int) (until - row));
            for (int file = 0; file < writers.size(); file++) {
                PartInput.Work work = segment.works().get(file);
                encode(file, ((Item.Rows) work.item()).encoding(), work.treatment(), row == from);
            }
            row = until;
        }
    }

    private void encode(int file, GgmlEncoding encoding, Treatment treatment, boolean check) throws IOException {
        GgmlType type = encoding.type();
        try {
            if (!treatment.isPlain()) {
                LinearRounder.Rounded rounded = treatment.isMeasured()
                        ? rounded(file, encoding, treatment)
                        : folded(type, treatment);
                check(check, file, treatment, type, rounded.folded(), ((Blocks) rounded.encoded()).bytes());
                write(file, ((Blocks) rounded.encoded()).bytes(), 0, length(type));
            } else if (rows.areStoredAs(type)) {
                rows.requireFinite();
                write(file, rows.source(), rows.sourceOffset(), length(type));
            } else {
                plain(type, treatment);
                check(check, file, treatment, type, null, blocks);
                write(file, blocks, 0, length(type));
            }
        } catch (UnstorableRowException e) {
            throw rows.refusal(e.row(), e.why(), e);
        }
    }

    private LinearRounder.Rounded rounded(int file, GgmlEncoding encoding, Treatment treatment) {
        TensorRecipe tensor = rows.tensor();
        LinearRounder.Rows linear = new LinearRounder.Rows(
                treatment.linear(rows.firstRow() / tensor.rowsPerExpert()).module(), rows.weights(), rows.firstRow(),
                rows.rows(), rows.columns(), tensor.rowsPerExpert(), treatment.folding(),
                treatment.importance().metric(tensor, rows.firstRow()));
        LinearRounder.Rounded rounded =
                rounder.round(linear, encoding, coder(encoding.type()), matrices[file], outputs.get(file).output());
        losses.merge(file + " " + linear.module(), rounded.loss(), LinearLoss::plus);
        return rounded;
    }

    /** A norm, a bias, a router; or a linear layer that is not rounded itself, but makes what is scaled. */
    private LinearRounder.Rounded folded(GgmlType type, Treatment treatment) {
        float[] folded = treatment.folding().apply(rows.weights(), rows.firstRow(), rows.rows(), rows.columns());
        Blocks made = coder(type).nearest(folded, 0, rows.rows(), rows.columns(),
                treatment.importance().metric(rows.tensor(), rows.firstRow()), workers);
        return new LinearRounder.Rounded(folded, made, null);
    }

    private void plain(GgmlType type, Treatment treatment) {
        int bytes = length(type);
        if (blocks.length < bytes) {
            blocks = new byte[bytes];
        }
        if (rows.areHalvesOfBF16(type)) {
            rows.toHalves(blocks);
            coder(type).requireValid(blocks, rows.rows(), rows.columns());
            return;
        }
        float[] weights = rows.weights();
        ImportanceSlice importance = treatment.importance();
        KernelWarmUp.of(type).run(rows.rows() * rows.columns(), () -> coder(type)
                .quantize(weights, 0, rows.rows(), rows.columns(), importance.values(),
                        importance.offset(rows.tensor(), rows.firstRow()), blocks));
    }

    private BlockCoder coder(GgmlType type) {
        return coders.computeIfAbsent(type, key -> new GgmlEncoding(key).coder());
    }

    private int length(GgmlType type) {
        return Math.toIntExact(rows.rows() * type.rowBytes(rows.columns()));
    }

    private void write(int file, byte[] bytes, int offset, int length) throws IOException {
        long start = System.nanoTime();
        writers.get(file).write(bytes, offset, length);
        writing += System.nanoTime() - start;
    }

    /**
     * Reads the first row back, where it is the first of what was read at once.
     *
     * @param meant what was encoded; null for the rows as they are
     * @throws IllegalStateException if it has nothing to do with the weights
     */
    private void check(boolean check, int file, Treatment treatment, GgmlType type, float[] meant, byte[] made) {
        if (!check || type == rows.tensor().type()) {
            return;
        }
        int columns = rows.columns();
        if (readBack.length < columns) {
            readBack = new float[columns];
        }
        float[] weights = meant == null ? rows.weights() : meant;
        Dequantizers.of(type).dequantize(made, 0, readBack, 0, columns);
        TensorError error = TensorError.of(weights, readBack, columns);
        ImportanceSlice importance = treatment.importance();
        // Where columns are of no importance the few bits may be spent on the others.
        if (isGarbled(error) && (importance.values() == null || isGarbled(TensorError.of(weights, readBack, columns,
                importance.values(), importance.offset(rows.tensor(), rows.firstRow()))))) {
            throw new IllegalStateException(rows.tensor().name() + ", row " + rows.firstRow() + ": reading " + type
                    + " back gives other weights (relative error " + error.relative() + "); please report this");
        }
        errors[file] = errors[file].plus(error);
    }

    // Written so that NaN is garbled too.
    private static boolean isGarbled(TensorError error) {
        return !(error.squaredError() <= GARBLED * GARBLED * error.squaredNorm());
    }
}
