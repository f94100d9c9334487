package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.io.InterruptedIOException;

/** The lines of one model among those of others. */
final class ModelProgress implements Progress, CalibrateProgress, EvaluateProgress {
    private final String model;
    private final NightProgress night;
    private final Commits commits;
    private int reused;
    private String phase = "";
    private long bytes;
    private long written;

    /** Asked before each commit. */
    interface Commits {
        /** @throws IOException if nothing may be committed */
        void allow(String location) throws IOException;
    }

    ModelProgress(String model, NightProgress night, Commits commits) {
        this.model = model;
        this.night = night;
        this.commits = commits;
    }

    void line(String text) {
        night.line(model, text);
    }

    /** @throws InterruptedIOException if someone has stopped the night */
    void requireUninterrupted() throws InterruptedIOException {
        if (night.isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
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
        reached(name, 0);
    }

    @Override
    public void started(int pieces, long allBytes) {
        bytes = allBytes;
        written = 0;
        reached("writing", 0);
    }

    @Override
    public void advanced(long bytesRead, long bytesWritten) {
        written += bytesWritten;
        reached("writing", (double) written / Math.max(1, bytes));
    }

    // A line a layer of every model would bury all others.
    @Override
    public void layer(int layer, int layers, long tokens, double seconds) {
        reached(phase.startsWith("evaluating") ? phase : "calibrating", Math.min(1, (layer + 1.0) / layers));
    }

    private void reached(String name, double share) {
        phase = name;
        night.reached(model, name, share);
    }

    @Override
    public void committing(String location) throws IOException {
        commits.allow(location);
    }
}
