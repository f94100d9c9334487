package io.nightshift.jobs.cli;

import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import java.io.PrintStream;
import java.util.Locale;

/** A line a layer. */
final class PassProgress implements CalibrateProgress, EvaluateProgress {
    private final PrintStream err;

    PassProgress(PrintStream err) {
        this.err = err;
    }

    @Override
    public void warning(String message) {
        err.println("nightshift: warning: " + message);
    }

    @Override
    public void skipped(String location) {
        err.println(location + " is complete already (--overwrite makes it again)");
    }

    @Override
    public void layer(int layer, int layers, long tokens, double seconds) {
        String name = layer == layers ? "output" : "layer " + (layer + 1) + " of " + layers;
        err.printf(Locale.ROOT, "%s: %.0f tokens/s%n", name, tokens / Math.max(1e-9, seconds));
    }

    @Override
    public void model(String location, double seconds) {
        err.printf(Locale.ROOT, "%s: %.1f s%n", location, seconds);
    }
}
