package io.nightshift.jobs.batch.run;

import java.io.PrintStream;

/** Hears how the models of a night go on, from several threads. */
public interface NightProgress {
    /** Something to be told of a model. */
    void line(String model, String text);

    /**
     * How far a model is.
     *
     * @param phase what is done now
     * @param share of it that is done, 0 to 1
     */
    default void reached(String model, String phase, double share) {}

    /** A model is done, or has failed. */
    default void ended(String model) {}

    /** A line each, and nothing else. */
    static NightProgress lines(PrintStream out) {
        return (model, text) -> out.println(model + ": " + text);
    }
}
