package io.nightshift.jobs.tasks;

import java.io.IOException;

/** Hears how a job goes on. */
public interface Progress {
    /** Says nothing. */
    Progress NONE = new Progress() {};

    /** Something that was ignored or guessed. */
    default void warning(String message) {}

    /** An output that is complete already. */
    default void skipped(String location) {}

    /**
     * What a run that was cut off left of the work that begins.
     *
     * @param count results that are there; nothing need be said where it is 0
     * @param all results that are needed
     * @param what they are, such as {@code blocks of rows}
     */
    default void found(int count, int all, String what) {}

    /** A phase begins, such as the search for scales. */
    default void phase(String name) {}

    /**
     * Work begins.
     *
     * @param pieces tasks to run
     * @param bytes bytes that will be written
     */
    default void started(int pieces, long bytes) {}

    /**
     * A task is done.
     *
     * @param bytesRead by it
     * @param bytesWritten by it
     */
    default void advanced(long bytesRead, long bytesWritten) {}

    /**
     * An output's parts are there, and it is about to be committed; of a folder once more before it becomes loadable.
     *
     * @param location of the output
     * @throws IOException if it must not be committed: the job fails with it
     */
    default void committing(String location) throws IOException {}

    /** All tasks are done, or the job failed. */
    default void stopped() {}
}
