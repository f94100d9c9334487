package io.nightshift.jobs.tasks;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Floats in files of a work folder: their bits, big-endian. Memory: a block of {@value #BLOCK} bytes. */
public final class FloatFiles {
    private static final int BLOCK = 1 << 16;

    private FloatFiles() {}

    /** Writes all values. */
    public static void write(DataOutputStream out, float[] values) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (int from = 0; from < values.length; from += BLOCK / Float.BYTES) {
            int count = Math.min(BLOCK / Float.BYTES, values.length - from);
            block.clear().asFloatBuffer().put(values, from, count);
            out.write(block.array(), 0, count * Float.BYTES);
        }
    }

    /**
     * Reads {@code count} values into an array, from {@code at} on.
     *
     * @throws java.io.EOFException if there are fewer
     */
    public static void read(DataInputStream in, float[] values, int at, int count) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (int from = 0; from < count; from += BLOCK / Float.BYTES) {
            int some = Math.min(BLOCK / Float.BYTES, count - from);
            in.readFully(block.array(), 0, some * Float.BYTES);
            block.clear().asFloatBuffer().get(values, at + from, some);
        }
    }
}
