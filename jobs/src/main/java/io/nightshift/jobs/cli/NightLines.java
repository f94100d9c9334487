package io.nightshift.jobs.cli;

import io.nightshift.jobs.batch.run.NightProgress;
import java.io.PrintStream;

/** The lines of a night's models, and nothing else. */
record NightLines(PrintStream out) implements NightProgress {
    @Override
    public void line(String model, String text) {
        out.println(model + ": " + text);
    }

    @Override
    public boolean isInterrupted() {
        return Interruption.ofProcess().hasBegun();
    }
}
