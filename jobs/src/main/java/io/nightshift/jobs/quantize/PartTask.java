package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.quantize.PartInput.Segment;
import io.nightshift.jobs.quantize.PartInput.Work;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.jobs.rounding.RowFolding;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.BF16;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a piece: fills its part of each file that is cut alike. Memory: what {@link RowsWriter} works on, the blocks of the
 * piece's gathered layers and the bytes of one of these, and what the writers keep.
 */
final class PartTask implements AutoCloseable {
    /** Bytes that are copied at once; as many weights are changed at once. */
    private static final int AT_ONCE = 4 << 20;

    /** What rounds to infinity in half precision, and all above. */
    private static final float ABOVE_HALVES = 65520;

    private final PartInput input;
    private final ModelFolder source;
    private final Map<String, List<RoundedBlock>> gathered = new HashMap<>();
    private final List<PartWriter> writers = new ArrayList<>();
    private final List<PartResult.ItemError> errors = new ArrayList<>();
    private final List<RoundedBlock.Summary> summaries = new ArrayList<>();
    private final RowReader reader;
    private final Workers workers = TaskWorkers.open();
    private final RowsWriter rows;
    private long copied;
    private long writing;

    private PartTask(PartInput input, List<RoundedBlock> blocks, ModelFolder source, Factors factors) {
        this.input = input;
        this.source = source;
        this.reader = new RowReader(source);
        this.rows = new RowsWriter(reader, factors, input.outputs(), writers(), workers);
        blocks.forEach(block ->
                gathered.computeIfAbsent(block.summary().module(), module -> new ArrayList<>()).add(block));
    }

    // Filled when the parts are opened: a task that fails before has nothing to close.
    private List<PartWriter> writers() {
        for (int i = 0; i < input.outputs().size(); i++) {
            writers.add(null);
        }
        return writers;
    }

    /**
     * Makes it.
     *
     * @param blocks of the piece's gathered layers, in any order
     * @param source the checkpoint
     * @param factors statistics and factors of the linear layers' inputs; null where none are used
     * @param attempt tells attempts at the same piece apart
     * @throws io.nightshift.formats.InvalidModelException if the input cannot be used
     * @throws IOException if reading or writing failed: another attempt may succeed
     */
    static PartResult run(PartInput input, List<RoundedBlock> blocks, ModelFolder source, Factors factors, int attempt)
            throws IOException {
        long start = System.nanoTime();
        try (PartTask task = new PartTask(input, blocks, source, factors)) {
            task.open(attempt);
            for (Segment segment : input.segments()) {
                task.make(segment);
            }
            PartResult result = task.finish(start);
            RunCounter.BYTES_READ.add(result.bytesRead());
            RunCounter.BYTES_WRITTEN.add(result.bytesWritten());
            return result;
        }
    }

    private void open(int attempt) throws IOException {
        for (int i = 0; i < writers.size(); i++) {
            PartInput.Output output = input.outputs().get(i);
            writers.set(i, output.sink().open(output.part(), attempt));
            write(i, output.header());
        }
    }

    private void make(Segment segment) throws IOException {
        if (segment.first() instanceof Item.Rows tensor && tensor.tensor().content() instanceof TensorRecipe.Stored) {
            TensorError[] ofFiles = rows.write(segment);
            for (int i = 0; i < ofFiles.length; i++) {
                addError(i, segment, ofFiles[i]);
            }
        } else {
            for (int i = 0; i < writers.size(); i++) {
                make(i, segment, segment.works().get(i));
            }
        }
        for (int i = 0; i < writers.size(); i++) {
            Item item = segment.works().get(i).item();
            if (segment.to() == item.units() && item.padding() > 0) {
                write(i, new byte[(int) item.padding()]);
            }
        }
    }

    private void addError(int file, Segment segment, TensorError error) {
        PartInput.Output output = input.outputs().get(file);
        errors.add(new PartResult.ItemError(output.output(), output.file(), segment.item(), error));
    }

    private void make(int file, Segment segment, Work work) throws IOException {
        if (work.item() instanceof Item.Gathered item) {
            assemble(file, segment, item);
        } else if (work.item() instanceof Item.Copied item) {
            copy(file, segment, item, work);
        } else if (work.item() instanceof Item.Computed item) {
            write(file, item.bytes());
        } else {
            throw new IllegalStateException(work.item().name() + " has no weights in the checkpoint");
        }
    }

    private void assemble(int file, Segment segment, Item.Gathered item) throws IOException {
        List<RoundedBlock> blocks = gathered.remove(item.name());
        List<PackedRows> packed = blocks.stream().map(RoundedBlock::packed).toList();
        write(file, item.packing().assemble(packed));
        blocks.forEach(block -> {
            summaries.add(block.summary());
            addError(file, segment, block.summary().error());
        });
    }

    private void copy(int file, Segment segment, Item.Copied item, Work work) throws IOException {
        if (item.converts()) {
            fold(file, item, work, segment.from(), Math.min(segment.to(), item.source().rows()));
            return;
        }
        if (!work.treatment().folding().isNone()) {
            fold(file, item, work, 0, item.source().rows());
            return;
        }
        long length = item.length() - item.padding();
        byte[] bytes = new byte[(int) Math.min(AT_ONCE, length)];
        long end = Math.min(segment.to(), length);
        for (long at = segment.from(); at < end; at += bytes.length) {
            int count = (int) Math.min(bytes.length, end - at);
            source.readFully(item.source().tensor().file(), item.sourcePosition() + at, bytes, 0, count);
            write(file, bytes, count);
            copied += count;
        }
    }

    /** Reads rows of a tensor, folds scales into them, and writes them in the type that they get. */
    private void fold(int file, Item.Copied item, Work work, long first, long end) throws IOException {
        LinearRows linear = new LinearRows(source);
        SourceRows from = item.source();
        int columns = Math.toIntExact(from.length());
        int atOnce = Math.max(1, AT_ONCE / columns);
        RowFolding folding = work.treatment().folding();
        for (long row = first; row < end; row += atOnce) {
            int count = (int) Math.min(end - row, atOnce);
            float[] weights = linear.read(from, row, row + count);
            if (folding.isNone()) {
                write(file, stored(weights, item, row));
                continue;
            }
            add(weights, work.shift());
            float[] folded = folding.apply(weights, row, count, columns);
            add(folded, -work.shift());
            write(file, stored(folded, item, row));
        }
        copied += linear.bytesRead();
    }

    private static void add(float[] weights, float shift) {
        if (shift != 0) {
            for (int i = 0; i < weights.length; i++) {
                weights[i] += shift;
            }
        }
    }

    private static byte[] stored(float[] weights, Item.Copied item, long firstRow) {
        byte[] bytes = new byte[Math.multiplyExact(weights.length, item.tensor().type().bits() / 8)];
        switch (item.tensor().type()) {
            case F16 -> {
                requireHalves(weights, item, firstRow);
                F16.fromFloats(weights, 0, bytes, 0, weights.length);
            }
            case BF16 -> BF16.fromFloats(weights, 0, bytes, 0, weights.length);
            default -> ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(weights);
        }
        return bytes;
    }

    private static void requireHalves(float[] weights, Item.Copied item, long firstRow) {
        long columns = item.source().length();
        for (int i = 0; i < weights.length; i++) {
            if (!(Math.abs(weights[i]) < ABOVE_HALVES)) {
                SafetensorsTensor tensor = item.source().tensor();
                throw new InvalidModelException(tensor.file() + ": tensor " + tensor.name() + ", row "
                        + (item.source().firstRow() + firstRow + i / columns) + ", column " + i % columns + ": " + weights[i]
                        + " does not fit half precision, which this output stores it in; choose gguf");
            }
        }
    }

    private void write(int file, byte[] bytes) throws IOException {
        write(file, bytes, bytes.length);
    }

    private void write(int file, byte[] bytes, int length) throws IOException {
        long start = System.nanoTime();
        writers.get(file).write(bytes, 0, length);
        writing += System.nanoTime() - start;
    }

    private PartResult finish(long start) throws IOException {
        long finishing = System.nanoTime();
        List<PartReceipt> receipts = new ArrayList<>();
        for (PartWriter writer : writers) {
            receipts.add(writer.finish());
        }
        long now = System.nanoTime();
        long ofWriting = writing + rows.writing() + now - finishing;
        WorkTime time = new WorkTime(rows.reading(), now - start - rows.reading() - ofWriting, ofWriting);
        return new PartResult(receipts, errors, rows.losses(), summaries, reader.bytesRead() + copied, time);
    }

    @Override
    public void close() throws IOException {
        workers.close();
        for (PartWriter writer : writers) {
            if (writer != null) {
                writer.close();
            }
        }
    }
}
