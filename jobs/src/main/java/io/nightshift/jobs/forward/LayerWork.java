package io.nightshift.jobs.forward;

import java.io.Serializable;

/**
 * What a task did for one group and one layer.
 *
 * @param group the group
 * @param executor where
 * @param tokens tokens that went through
 * @param bytesRead bytes of weights that were read for this task; the other tasks of the executor share them
 * @param start when it began, in nanoseconds of the executor's own clock: to be compared with the executor's others
 * @param nanos how long it took
 */
public record LayerWork(int group, String executor, long tokens, long bytesRead, long start, long nanos)
        implements Serializable {}
