package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.awq.AwqResult;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.WorkTime;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;

/** What a command made, for people and as one line of JSON: the files, and under {@code awq} the folder. */
final class QuantizeReport {
    private static final ObjectMapper JSON = new ObjectMapper();

    private QuantizeResult files = new QuantizeResult(List.of(), List.of(), 0, 0, 0, 0, WorkTime.ZERO);
    private AwqResult folder;

    void add(QuantizeResult result) {
        files = result;
    }

    void add(AwqResult result) {
        folder = result;
    }

    String toJson() throws IOException {
        ObjectNode json = JSON.valueToTree(files);
        if (folder != null) {
            json.set("awq", JSON.valueToTree(folder));
        }
        return JSON.writeValueAsString(json);
    }

    /** Writes one row for each linear layer of what was made, in place of an earlier table; nothing if nothing was. */
    void writeParquet(String location, JavaSparkContext spark) throws IOException {
        LinearTable table = new LinearTable();
        files.outputs().forEach(made -> table.add(made.location(), made.linears()));
        if (folder != null) {
            table.add(folder.location(), folder.linears());
        }
        if (!table.isEmpty()) {
            table.write(StorageLocation.parse(location), spark);
        }
    }

    void print(PrintStream out) {
        for (QuantizeResult.Output made : files.outputs()) {
            out.printf(
                    Locale.ROOT,
                    "%s  %s  %.2f bits per weight%s%n",
                    made.location(),
                    ByteSize.format(made.bytes()),
                    made.bitsPerWeight(),
                    made.skipped() ? "  (was complete)" : "");
            LinearTable.print(made.linears(), false, out);
        }
        if (files.pieces() > 0) {
            out.printf(
                    Locale.ROOT,
                    "%d parts, read %s and wrote %s in %.1f s; task time: reading %.1f s, computing %.1f s, writing %.1f s%n",
                    files.pieces(),
                    ByteSize.format(files.bytesRead()),
                    ByteSize.format(files.bytesWritten()),
                    files.seconds(),
                    files.time().reading() * 1e-9,
                    files.time().computing() * 1e-9,
                    files.time().writing() * 1e-9);
        }
        if (folder != null) {
            LinearTable.print(folder.linears(), true, out);
            out.printf(Locale.ROOT, "%s  %s%s%n", folder.location(), ByteSize.format(folder.bytes()),
                    folder.skipped() ? "  (was complete)" : "");
        }
        if (folder != null && !folder.skipped()) {
            out.printf(
                    Locale.ROOT,
                    "%d blocks of rows, %d parts, read %s; scales %.1f s, factors %.1f s, rounding %.1f s, verifying %.1f s%n",
                    folder.blocks(),
                    folder.parts(),
                    ByteSize.format(folder.bytesRead()),
                    folder.seconds().scales(),
                    folder.seconds().factors(),
                    folder.seconds().rounding(),
                    folder.seconds().verifying());
        }
    }
}
