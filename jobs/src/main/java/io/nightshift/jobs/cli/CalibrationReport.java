package io.nightshift.jobs.cli;

import io.nightshift.formats.Printable;
import io.nightshift.jobs.calibration.CalibrateResult;
import java.io.PrintStream;
import java.util.Locale;

/** What a calibration did, for people: what each layer and each executor took, and all together. */
final class CalibrationReport {
    private static final String ROW = "%-12s %14s %12s %14s%n";

    private final CalibrateResult result;

    CalibrationReport(CalibrateResult result) {
        this.result = result;
    }

    void print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "%s  %d tokens in %d sequences%s%n",
                result.location(),
                result.tokens(),
                result.sequences(),
                result.skipped() ? "  (was complete)" : "");
        if (result.skipped()) {
            return;
        }
        out.printf(ROW, "layer", "tokens", "tokens/s", "weights read");
        for (CalibrateResult.Layer layer : result.layers()) {
            String name = layer.layer() < 0 ? "final norm" : String.valueOf(layer.layer());
            row(out, name, layer.tokens(), layer.tokensPerSecond(), layer.bytesRead());
        }
        out.printf(ROW, "executor", "x layers", "tokens/s", "weights read");
        for (CalibrateResult.Executor executor : result.executors()) {
            row(out, executor.executor(), executor.tokens(), executor.tokensPerSecond(), executor.bytesRead());
        }
        out.printf(
                Locale.ROOT,
                "%.1f s, %.0f tokens/s through the whole model; read %s of weights and wrote %s%n",
                result.seconds(),
                result.tokensPerSecond(),
                Printable.bytes(result.bytesRead()),
                Printable.bytes(result.bytesWritten()));
        if (result.expertsWithFewTokens() > 0) {
            out.println(result.expertsWithFewTokens() + " experts saw too few tokens and got the statistics of"
                    + " all experts of their layer (experts.parquet says which)");
        }
    }

    private static void row(PrintStream out, String name, long tokens, double tokensPerSecond, long bytesRead) {
        out.printf(ROW, name, tokens, String.format(Locale.ROOT, "%.0f", tokensPerSecond), Printable.bytes(bytesRead));
    }
}
