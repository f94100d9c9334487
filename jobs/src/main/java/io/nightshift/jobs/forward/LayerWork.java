package io.nightshift.jobs.forward;

import java.io.Serializable;

/**
 * What a task did for one group and one layer.
 *
 * @param group the group
 * @param executor where
 * @param tokens tokens that went through
 * @param bytesRead bytes of weights that were read for this task; the other tasks of the executor share them
 * @param nanos time
 */
public record LayerWork(int group, String executor, long tokens, long bytesRead, long nanos) implements Serializable {}
