package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.plan.GgufTarget;
import io.nightshift.jobs.plan.Piece;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes one piece: reads its rows once, in blocks of a few MiB, and appends them to the part of every target.
 *
 * <p>Memory: a block of source rows, what {@link RowEncoder} works on, and what the writers keep.
 */
final class PieceTask implements AutoCloseable {
    /** Source bytes that are read at once, about. */
    private static final int BLOCK_BYTES = 4 << 20;

    private final QuantizationPlan plan;
    private final Piece piece;
    private final RowReader reader;
    private final RowEncoder encoder = new RowEncoder();
    private final RowRounder rounder;
    private final List<PartWriter> writers = new ArrayList<>();
    private final List<List<TensorError>> errors = new ArrayList<>();
    private byte[] block = new byte[BLOCK_BYTES];
    private boolean rounds;
    private long reading;
    private long writing;

    private PieceTask(QuantizationPlan plan, PieceInput input, ModelFolder source, Factors factors) {
        this.plan = plan;
        this.rounder = factors == null ? null : new RowRounder(factors, encoder, plan.targets().size());
        this.piece = input.piece();
        this.reader = new RowReader(source);
    }

    /**
     * Makes a piece.
     *
     * @param input the piece
     * @param source the checkpoint
     * @param sinks one for each target
     * @param headers one for each target; used by the first piece alone
     * @param factors statistics and factors of the linear layers' inputs; null where nothing is rounded by them
     * @param attempt tells attempts at the same piece apart
     * @return what was made, or why it cannot be
     * @throws IOException if reading or writing failed: another attempt may succeed
     */
    static PieceOutcome run(
            QuantizationPlan plan,
            PieceInput input,
            ModelFolder source,
            List<PartSink> sinks,
            List<byte[]> headers,
            Factors factors,
            int attempt)
            throws IOException {
        long start = System.nanoTime();
        try (PieceTask task = new PieceTask(plan, input, source, factors)) {
            task.open(sinks, headers, attempt);
            for (int i = 0; i < input.piece().spans().size(); i++) {
                task.encoder.weigh(input.importance().get(i));
                task.make(input.piece().spans().get(i), input.rounding().get(i));
            }
            return task.finish(start);
        } catch (InvalidModelException e) {
            return new PieceOutcome.Refused(e.getMessage());
        }
    }

    private void open(List<PartSink> sinks, List<byte[]> headers, int attempt) throws IOException {
        for (int i = 0; i < sinks.size(); i++) {
            writers.add(sinks.get(i).open(plan.part(plan.targets().get(i), piece.index()), attempt));
            errors.add(new ArrayList<>());
            if (piece.index() == 0) {
                writers.get(i).write(headers.get(i));
            }
        }
    }

    private void make(RowSpan span, SpanRounding rounding) throws IOException {
        TensorRecipe tensor = plan.tensors().get(span.tensor());
        for (List<TensorError> ofTarget : errors) {
            ofTarget.add(TensorError.NONE);
        }
        if (tensor.content() instanceof TensorRecipe.Stored stored) {
            makeStored(span, tensor, stored, rounding);
        } else if (tensor.content() instanceof TensorRecipe.Computed computed) {
            makeComputed(computed);
        }
        if (span.firstRow() + span.rows() == tensor.rows()) {
            for (int i = 0; i < writers.size(); i++) {
                GgufTarget target = plan.targets().get(i);
                long padding = target.layout().paddedBytes(span.tensor())
                        - target.layout().tensors().get(span.tensor()).bytes();
                writers.get(i).write(new byte[(int) padding]);
            }
        }
    }

    private void makeComputed(TensorRecipe.Computed computed) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(computed.values().size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        computed.values().forEach(bytes::putFloat);
        for (PartWriter writer : writers) {
            writer.write(bytes.array());
        }
    }

    private void makeStored(RowSpan span, TensorRecipe tensor, TensorRecipe.Stored stored, SpanRounding rounding)
            throws IOException {
        long end = span.firstRow() + span.rows();
        rounds = !rounding.isNone();
        if (!rounds) {
            makeRows(span.tensor(), tensor, stored, span.firstRow(), end);
            return;
        }
        rounder.take(span, tensor, rounding);
        PartsInOrder parts = new PartsInOrder(tensor, stored);
        for (long row = span.firstRow(); row < end; row = Math.min(end, parts.end(row))) {
            long from = row;
            rounder.withStatistics(
                    from, () -> makeRows(span.tensor(), tensor, stored, from, Math.min(end, parts.end(from))));
        }
    }

    private void makeRows(int index, TensorRecipe tensor, TensorRecipe.Stored stored, long from, long to)
            throws IOException {
        int rowBytes = Math.toIntExact(RowReader.bytes(tensor, stored, 1));
        long rowsAtOnce = Math.max(1, BLOCK_BYTES / rowBytes);
        for (long row = from; row < to; row += rowsAtOnce) {
            long until = Math.min(to, row + rowsAtOnce);
            int bytes = Math.toIntExact((until - row) * rowBytes);
            if (block.length < bytes) {
                block = new byte[bytes];
            }
            long start = System.nanoTime();
            reader.read(tensor, stored, row, until, block);
            reading += System.nanoTime() - start;
            encode(tensor, index, new PartsInOrder(tensor, stored), row, until, rowBytes);
        }
    }

    private void encode(TensorRecipe tensor, int index, PartsInOrder parts, long from, long to, int rowBytes)
            throws IOException {
        int weightsAtOnce = rounds ? RowRounder.WEIGHTS_AT_ONCE : RowEncoder.WEIGHTS_AT_ONCE;
        int rowsAtOnce = Math.max(1, weightsAtOnce / Math.toIntExact(tensor.columns()));
        long row = from;
        while (row < to) {
            // Neither a source tensor nor an expert ends within what is encoded at once.
            long until = Math.min(Math.min(to, row + rowsAtOnce), parts.end(row));
            int rows = (int) (until - row);
            encoder.take(tensor, parts.at(row), ((TensorRecipe.Stored) tensor.content()).type(), block,
                    Math.toIntExact((row - from) * rowBytes), row, rows);
            for (int i = 0; i < writers.size(); i++) {
                GgmlType type = plan.targets().get(i).types().get(index).type();
                byte[] encoded = rounds ? rounder.encode(i, type, row, rows) : encoder.encode(type);
                if (row == from && type != tensor.type()) {
                    List<TensorError> ofTarget = errors.get(i);
                    int last = ofTarget.size() - 1;
                    ofTarget.set(last, ofTarget.get(last).plus(encoder.checkFirstRow(type)));
                }
                long start = System.nanoTime();
                writers.get(i).write(encoded, 0, encoder.length(type));
                writing += System.nanoTime() - start;
            }
            row = until;
        }
    }

    private PieceOutcome finish(long start) throws IOException {
        long finishing = System.nanoTime();
        List<PartReceipt> receipts = new ArrayList<>();
        long written = 0;
        for (PartWriter writer : writers) {
            PartReceipt receipt = writer.finish();
            receipts.add(receipt);
            written += receipt.part().length();
        }
        long now = System.nanoTime();
        writing += now - finishing;
        WorkTime time = new WorkTime(reading, now - start - reading - writing, writing);
        return new PieceOutcome.Finished(
                receipts, errors, rounder == null ? List.of() : rounder.losses(), reader.bytesRead(), written, time);
    }

    @Override
    public void close() throws IOException {
        if (rounder != null) {
            rounder.close();
        }
        for (PartWriter writer : writers) {
            writer.close();
        }
    }
}
