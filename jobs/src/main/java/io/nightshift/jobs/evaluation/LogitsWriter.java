package io.nightshift.jobs.evaluation;

import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.formats.logits.LogitsRow;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Writes a group's rows into its parts of a base-logits file, one part after another. To be closed in any case. */
final class LogitsWriter implements ScoreTask.RowReceiver, Closeable {
    private final BaseLogits layout;
    private final PartSink sink;
    private final List<Part> parts;
    private final byte[] head;
    private final int attempt;
    private final byte[] row;
    private final List<PartReceipt> receipts = new ArrayList<>();
    private PartWriter writer;
    private long left;

    /**
     * A writer for one attempt at a group.
     *
     * @param head what stands before the first row; the part with index 0 begins with it
     */
    LogitsWriter(BaseLogits layout, PartSink sink, List<Part> parts, byte[] head, int attempt) {
        this.layout = layout;
        this.sink = sink;
        this.parts = parts;
        this.head = head;
        this.attempt = attempt;
        this.row = new byte[layout.rowBytes()];
    }

    @Override
    public void row(float[] rows, int at, double logSum) throws IOException {
        if (writer == null) {
            begin(parts.get(receipts.size()));
        }
        LogitsRow.encode(rows, at, layout.vocabulary(), logSum, row);
        writer.write(row);
        left -= row.length;
        if (left == 0) {
            receipts.add(writer.finish());
            writer.close();
            writer = null;
        }
    }

    private void begin(Part part) throws IOException {
        writer = sink.open(part, attempt);
        left = part.length();
        if (part.index() == 0) {
            writer.write(head);
            left -= head.length;
        }
    }

    /** The receipts of all parts, after the last row. */
    List<PartReceipt> receipts() {
        if (receipts.size() < parts.size()) {
            throw new IllegalStateException(parts.size() + " parts, and rows for " + receipts.size() + " of them alone");
        }
        return receipts;
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
