package io.nightshift.jobs.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Token sequences, all of the same length.
 *
 * @param sequences the ids of each
 * @param length tokens of each
 * @param dataDigest SHA-256 of the documents that they were cut from, in hexadecimal
 * @param textBegins the token of the text that each sequence's first one took the place of; empty where none did
 */
public record TokenSequences(List<int[]> sequences, int length, String dataDigest, List<Integer> textBegins) {
    /** Sequences that are as they were cut. */
    public TokenSequences(List<int[]> sequences, int length, String dataDigest) {
        this(sequences, length, dataDigest, List.of());
    }

    /** The sequences as they stood in the text. */
    public List<int[]> textTokens() {
        if (textBegins.isEmpty()) {
            return sequences;
        }
        return IntStream.range(0, sequences.size()).mapToObj(i -> {
            int[] tokens = sequences.get(i).clone();
            tokens[0] = textBegins.get(i);
            return tokens;
        }).toList();
    }

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
