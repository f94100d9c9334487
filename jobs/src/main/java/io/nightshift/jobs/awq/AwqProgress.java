package io.nightshift.jobs.awq;

import io.nightshift.jobs.tasks.Progress;

/** Hears how a job goes on: its parts as those of other outputs, and what comes after them. */
public interface AwqProgress extends Progress {
    /** Says nothing. */
    AwqProgress NONE = new AwqProgress() {};
}
