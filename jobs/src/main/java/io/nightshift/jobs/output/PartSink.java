package io.nightshift.jobs.output;

import java.io.IOException;
import java.io.Serializable;

/**
 * Where tasks write the parts of one output file; sent to executors.
 *
 * <p>Memory: a part bound for an object store is kept whole until the store has it, in blocks that are taken as bytes
 * arrive (so that a failed request can be repeated): the part's length and at most one block more. Where the store wants equal
 * parts, only so much as one of these is kept; of a part of a local file nothing.
 */
public interface PartSink extends Serializable {
    /**
     * Begins one attempt at a part.
     *
     * @param attempt tells attempts at one part that may run at the same time apart, 0 or more:
     *     {@code io.nightshift.jobs.tasks.TaskAttempt}
     * @throws IOException if the output cannot be written from here; the message says why
     */
    PartWriter open(Part part, int attempt) throws IOException;
}
