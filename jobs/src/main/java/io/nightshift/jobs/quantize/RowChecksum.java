package io.nightshift.jobs.quantize;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** A checksum of rows as a reader sees them, bit for bit, to compare what was meant with what was written. */
final class RowChecksum {
    private final CRC32C checksum = new CRC32C();

    /** Adds a row. */
    RowChecksum add(float[] row) {
        ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES);
        bytes.asFloatBuffer().put(row);
        checksum.update(bytes.array());
        return this;
    }

    long value() {
        return checksum.getValue();
    }
}
