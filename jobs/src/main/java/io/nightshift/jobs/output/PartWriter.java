package io.nightshift.jobs.output;

import java.io.Closeable;
import java.io.IOException;

/**
 * Writes one part, block by block. To be closed in any case: closing it before {@link #finish} drops what was written.
 * For one thread.
 */
public interface PartWriter extends Closeable {
    /**
     * Appends bytes to the part. They may be changed afterwards.
     *
     * @throws IllegalStateException if the part becomes longer than announced
     * @throws IOException if they cannot be written; the message names the file
     */
    void write(byte[] bytes, int offset, int length) throws IOException;

    /** Appends a whole array. */
    default void write(byte[] bytes) throws IOException {
        write(bytes, 0, bytes.length);
    }

    /**
     * Hands the part to the store, and waits until it has it.
     *
     * @throws IllegalStateException if the part is shorter than announced
     * @throws IOException if the store does not take it; the message names the file
     */
    PartReceipt finish() throws IOException;
}
