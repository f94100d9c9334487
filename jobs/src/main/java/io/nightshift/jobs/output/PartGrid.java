package io.nightshift.jobs.output;

import java.io.Serializable;

/**
 * The parts that a store wants of a file which demands equal ones: all of one length, but for the last.
 *
 * @param length of the file, at least 1
 * @param step of a part
 */
record PartGrid(long length, long step) implements Serializable {
    private static final long GRANULE = 1 << 20;

    /** The smallest parts that a file of this length can have: 5 MiB, or as many MiB as so many parts need. */
    static PartGrid of(long length) {
        long least = Math.max(OutputFile.MIN_PART_LENGTH, ceilDiv(length, UploadPartSink.MAX_PART_NUMBER));
        return new PartGrid(length, ceilDiv(least, GRANULE) * GRANULE);
    }

    int parts() {
        return index(length - 1) + 1;
    }

    /** The part that has the byte at a position. */
    int index(long position) {
        return Math.toIntExact(position / step);
    }

    /** Where a part begins. */
    long start(int index) {
        return index * step;
    }

    /** The position behind a part. */
    long end(int index) {
        return Math.min(length, start(index) + step);
    }

    private static long ceilDiv(long bytes, long unit) {
        return -Math.floorDiv(-bytes, unit);
    }
}
