package io.nightshift.jobs.awq;

import io.nightshift.jobs.quantize.Progress;

/** Hears how a job goes on: its parts as those of other outputs, and what comes before and after them. */
public interface AwqProgress extends Progress {
    /** Says nothing. */
    AwqProgress NONE = new AwqProgress() {};

    /** A phase begins, such as the search for scales. */
    default void phase(String name) {}
}
