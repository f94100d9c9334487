package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.LinearReader;
import io.nightshift.formats.awq.QuantizedRows;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** A checksum of rows as a reader sees them, to compare what was meant with what was written. */
final class RowChecksum {
    private RowChecksum() {}

    /** Of two rows, bit for bit. */
    static long of(QuantizedRows rows, int first, int last) {
        CRC32C checksum = new CRC32C();
        float[] row = new float[rows.columns()];
        for (int index : new int[] {first, last}) {
            LinearReader.dequantizeRow(rows, index, row, 0);
            ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES);
            bytes.asFloatBuffer().put(row);
            checksum.update(bytes.array());
        }
        return checksum.getValue();
    }
}
