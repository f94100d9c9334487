package io.nightshift.jobs.evaluation;

/** Hears how an evaluation goes on. */
public interface EvaluateProgress {
    /** Says nothing. */
    EvaluateProgress NONE = new EvaluateProgress() {};

    /** Something was ignored or guessed, or there is less of it than was asked for. */
    default void warning(String message) {}

    /** A layer of a model is done. */
    default void layer(int layer, int layers, long tokens, double seconds) {}

    /** A model is done. */
    default void model(String location, double seconds) {}
}
