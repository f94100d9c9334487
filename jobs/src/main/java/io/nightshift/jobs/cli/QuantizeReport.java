package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.Printable;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.OutputResult.Work;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Set;
import java.util.LinkedHashSet;

/** What a command made, for people and for programs. */
final class QuantizeReport {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final QuantizeResult result;

    QuantizeReport(QuantizeResult result) {
        this.result = result;
    }

    /** For programs: {@code outputs}, and {@code calibration} where the model was run. */
    JsonNode toJson() {
        ObjectNode json = JSON.createObjectNode();
        json.set("outputs", JSON.valueToTree(result.outputs()));
        result.calibration().ifPresent(calibration -> json.set("calibration", JSON.valueToTree(calibration)));
        return json;
    }

    /** Writes one row for each linear layer of what was made, in place of an earlier table; nothing if nothing was. */
    void writeParquet(String folder, HadoopSettings settings) throws IOException {
        LinearTable table = new LinearTable();
        result.outputs().forEach(made -> table.add(made.location(), made.linears()));
        if (!table.isEmpty()) {
            table.write(folder, settings);
        }
    }

    void print(PrintStream out) {
        result.calibration().ifPresent(calibration -> new CalibrationReport(calibration).print(out));
        Set<Work> works = new LinkedHashSet<>();
        for (OutputResult made : result.outputs()) {
            LinearTable.print(made.linears(), out);
            out.printf(
                    Locale.ROOT,
                    "%s  %s  %.2f bits per weight%s%n",
                    made.location(),
                    Printable.bytes(made.bytes()),
                    made.bitsPerWeight(),
                    made.skipped() ? "  (was complete)" : "");
            if (!made.skipped()) {
                works.add(made.work());
            }
        }
        works.forEach(work -> print(work, out));
    }

    private static void print(Work work, PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%d parts%s, read %s and wrote %s in %.1f s",
                work.parts(),
                work.blocks() == 0 ? "" : " of " + work.blocks() + " blocks of rows",
                Printable.bytes(work.bytesRead()),
                Printable.bytes(work.bytesWritten()),
                work.seconds().writing() + work.seconds().verifying());
        if (work.seconds().scales() + work.seconds().factors() + work.seconds().choosing() > 0.05) {
            out.printf(Locale.ROOT, " (before that: scales %.1f s, choosing %.1f s, factors %.1f s)",
                    work.seconds().scales(), work.seconds().choosing(), work.seconds().factors());
        }
        out.printf(
                Locale.ROOT,
                "; task time: reading %.1f s, computing %.1f s, writing %.1f s%n",
                work.time().reading() * 1e-9,
                work.time().computing() * 1e-9,
                work.time().writing() * 1e-9);
    }
}
