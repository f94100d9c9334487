package io.nightshift.jobs.calibration;

import java.io.IOException;

/** Hears how a pass goes on. */
public interface CalibrateProgress {
    /** Says nothing. */
    CalibrateProgress NONE = new CalibrateProgress() {};

    /** Something was ignored or guessed, or there is less of it than was asked for. */
    default void warning(String message) {}

    /** The statistics are complete already. */
    default void skipped(String location) {}

    /**
     * A layer is done.
     *
     * @param layer its index
     * @param layers number of layers
     * @param tokens that went through it
     * @param seconds since the layer before
     */
    default void layer(int layer, int layers, long tokens, double seconds) {}

    /**
     * Something of the statistics is about to be committed, or what is there of older ones to be taken away.
     *
     * @param location of the statistics
     * @throws IOException if that must not be: the job fails with it
     */
    default void committing(String location) throws IOException {}
}
