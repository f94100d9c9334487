package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.io.PrintStream;

/** The lines of one model among those of others. */
final class ModelProgress implements Progress, CalibrateProgress, EvaluateProgress {
    private final String model;
    private final PrintStream err;
    private final Commits commits;
    private int reused;

    /** Asked before each commit. */
    interface Commits {
        /** @throws IOException if nothing may be committed */
        void allow(String location) throws IOException;
    }

    ModelProgress(String model, PrintStream err, Commits commits) {
        this.model = model;
        this.err = err;
        this.commits = commits;
    }

    void line(String text) {
        err.println(model + ": " + text);
    }

    /** How many outputs, statistics or steps of a run that was cut off were there already. */
    int reused() {
        return reused;
    }

    @Override
    public void warning(String message) {
        line("warning: " + message);
    }

    @Override
    public void skipped(String location) {
        reused++;
        line(location + " is complete already");
    }

    @Override
    public void found(int count, int all, String what) {
        if (count > 0) {
            reused++;
            line("found " + count + " of " + all + " " + what + " of a run that was cut off");
        }
    }

    @Override
    public void phase(String name) {
        line(name);
    }

    @Override
    public void layer(int layer, int layers, long tokens, double seconds) {
        // A line a layer of every model would bury all others.
    }

    @Override
    public void committing(String location) throws IOException {
        commits.allow(location);
    }
}
