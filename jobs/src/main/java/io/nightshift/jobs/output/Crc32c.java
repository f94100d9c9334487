package io.nightshift.jobs.output;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * CRC-32C of a file from those of its parts. A CRC is linear: that of {@code ab} is that of {@code a} moved on by as
 * many zero bytes as {@code b} has, xor that of {@code b}. Moving on by 2^k bytes is a 32 x 32 matrix over GF(2), the
 * square of the one for 2^(k-1).
 */
final class Crc32c {
    /** The polynomial of CRC-32C (Castagnoli), bits reversed. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private Crc32c() {}

    /** The CRC of two byte strings, one after the other, from their CRCs and the second one's length. */
    static long combine(long first, long second, long secondLength) {
        int crc = (int) first;
        int[] byZeroBytes = square(square(square(oneZeroBit())));
        for (long rest = secondLength; rest != 0; rest >>>= 1) {
            if ((rest & 1) != 0) {
                crc = times(byZeroBytes, crc);
            }
            byZeroBytes = square(byZeroBytes);
        }
        return (crc ^ (int) second) & 0xffffffffL;
    }

    /** The CRC of parts, one after the other. */
    static long ofParts(List<PartReceipt> parts) {
        long crc = 0;
        for (PartReceipt receipt : parts) {
            crc = combine(crc, receipt.crc32c(), receipt.part().length());
        }
        return crc;
    }

    /** The CRC of what a stream still holds. */
    static long of(InputStream in) throws IOException {
        CRC32C crc = new CRC32C();
        byte[] block = new byte[1 << 20];
        for (int read = in.read(block); read >= 0; read = in.read(block)) {
            crc.update(block, 0, read);
        }
        return crc.getValue();
    }

    private static int[] oneZeroBit() {
        int[] matrix = new int[32];
        matrix[0] = POLYNOMIAL;
        for (int i = 1; i < 32; i++) {
            matrix[i] = 1 << (i - 1);
        }
        return matrix;
    }

    private static int times(int[] matrix, int vector) {
        int product = 0;
        for (int i = 0; i < 32; i++) {
            product ^= matrix[i] & -(vector >>> i & 1);
        }
        return product;
    }

    private static int[] square(int[] matrix) {
        int[] square = new int[32];
        for (int i = 0; i < 32; i++) {
            square[i] = times(matrix, matrix[i]);
        }
        return square;
    }
}
