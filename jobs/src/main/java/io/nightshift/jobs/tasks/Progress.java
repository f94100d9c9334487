package io.nightshift.jobs.tasks;

/** Hears how a job goes on. */
public interface Progress {
    /** Says nothing. */
    Progress NONE = new Progress() {};

    /** Something that was ignored or guessed. */
    default void warning(String message) {}

    /** An output that is complete already. */
    default void skipped(String location) {}

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

    /** All tasks are done, or the job failed. */
    default void stopped() {}
}
