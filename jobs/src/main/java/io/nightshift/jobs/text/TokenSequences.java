package io.nightshift.jobs.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Token sequences, all of the same length.
 *
 * @param sequences the ids of each
 * @param length tokens of each
 * @param dataDigest SHA-256 of the documents that they were cut from, in hexadecimal
 */
public record TokenSequences(List<int[]> sequences, int length, String dataDigest) {
    /** Number of tokens. */
    public long tokens() {
        return (long) sequences.size() * length;
    }

    /** SHA-256 of the ids as 32-bit little-endian integers, after the number of sequences and their length. */
    public String digest() {
        TextDigest digest = new TextDigest();
        digest.add(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(sequences.size()).putInt(length)
                .array());
        sequences.forEach(sequence -> digest.add(bytes(sequence)));
        return digest.hexadecimal();
    }

    /** The ids of a sequence as 32-bit little-endian integers. */
    public static byte[] bytes(int[] sequence) {
        ByteBuffer bytes = ByteBuffer.allocate(sequence.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(sequence);
        return bytes.array();
    }
}
