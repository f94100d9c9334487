package io.nightshift.jobs.output;

import java.io.Serializable;

/**
 * Consecutive bytes of an output file, written by one task.
 *
 * @param index from 0, in the order of the file
 * @param position of its first byte in the file
 * @param length in bytes, at least 1
 */
public record Part(int index, long position, long length) implements Serializable {
    public Part {
        if (index < 0 || position < 0 || length < 1) {
            throw new IllegalArgumentException("part " + index + " of " + length + " bytes at " + position);
        }
    }
}
