package io.nightshift.jobs.tasks;

import java.io.Serializable;
import java.util.UUID;

/**
 * One run of a job. It travels with the run's tasks, so that what a process keeps for one run neither serves nor displaces
 * what it keeps for another ({@link RunCache}).
 *
 * @param value unlike that of any other run, on any driver
 */
public record RunId(String value) implements Serializable {
    /** A run that begins. */
    public static RunId create() {
        return new RunId(UUID.randomUUID().toString());
    }
}
