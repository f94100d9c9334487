package io.nightshift.formats.storage;

import java.io.IOException;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Rows of one length in a file, read wherever they lie, in as few ranges as pay. */
public final class StoredRows {
    /** What lies between rows is read with them where it is no longer than this: one request costs more. */
    private static final int GAP = 1 << 16;

    private StoredRows() {}

    /**
     * Reads rows. Besides the caller's array the bytes of one range are held, from its first row to its last.
     *
     * @param position of row 0 in the file
     * @param rows their numbers, in the order in which they are wanted
     * @param into receives {@code rows.length * rowBytes} bytes, from an offset on
     * @return bytes read
     * @throws IOException if reading fails
     */
    public static long read(ModelFolder folder, String file, long position, int rowBytes, long[] rows, byte[] into, int offset)
            throws IOException {
        int[] byPlace = IntStream.range(0, rows.length).boxed()
                .sorted(Comparator.comparingLong(i -> rows[i]))
                .mapToInt(i -> i)
                .toArray();
        long bytesRead = 0;
        int next = 0;
        while (next < byPlace.length) {
            int first = next;
            long begin = rows[byPlace[first]] * rowBytes;
            long end = begin + rowBytes;
            boolean inOrder = true;
            for (next++; next < byPlace.length && rows[byPlace[next]] * rowBytes - end <= GAP; next++) {
                inOrder &= rows[byPlace[next]] * rowBytes == end && byPlace[next] == byPlace[next - 1] + 1;
                end = rows[byPlace[next]] * rowBytes + rowBytes;
            }
            int length = Math.toIntExact(end - begin);
            bytesRead += length;
            if (inOrder) {
                folder.readFully(file, position + begin, into, offset + byPlace[first] * rowBytes, length);
                continue;
            }
            byte[] range = new byte[length];
            folder.readFully(file, position + begin, range, 0, length);
            for (int i = first; i < next; i++) {
                System.arraycopy(range, Math.toIntExact(rows[byPlace[i]] * rowBytes - begin), into,
                        offset + byPlace[i] * rowBytes, rowBytes);
            }
        }
        return bytesRead;
    }
}
