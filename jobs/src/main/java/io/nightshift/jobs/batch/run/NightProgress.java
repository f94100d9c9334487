package io.nightshift.jobs.batch.run;

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

    /** Whether someone has stopped the night: what stops in the middle of its work then has not failed. */
    default boolean isInterrupted() {
        return false;
    }
}
