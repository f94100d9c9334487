package io.nightshift.formats.logits;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.FileSignature;
import io.nightshift.formats.storage.FolderInputStream;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a base-logits file is laid out, which {@code llama-perplexity --kl-divergence-base} writes and
 * {@code --kl-divergence} reads (llama.cpp, tools/perplexity/perplexity.cpp): the tokens of a text cut into chunks, and what
 * a model predicted for the second half of each.
 *
 * <p>All is little-endian: the letters {@code _logits_}; context, vocabulary and number of chunks as 32-bit integers; the
 * tokens of all chunks as such; then a row for each prediction, chunk by chunk ({@link LogitsRow}). Row i of a chunk is what
 * is predicted for its token {@code context / 2 + 1 + i}, from those before it. The tokens are the text's own: where a model
 * wants a BOS, readers put it in the place of each chunk's first token.
 *
 * @param context tokens of a chunk, 4 or more
 * @param vocabulary tokens that are predicted
 * @param chunks number of chunks
 */
public record BaseLogits(int context, int vocabulary, int chunks) implements Serializable {
    /** Context, vocabulary, chunks and what tells the format. */
    public static final int HEADER_LENGTH = 20;

    private static final byte[] MAGIC = "_logits_".getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER = 1 << 20;

    public BaseLogits {
        if (context < 4 || vocabulary < 1 || chunks < 1) {
            throw new InvalidModelException("claims " + chunks + " chunks of " + context + " tokens, of a vocabulary of "
                    + vocabulary + ": the file is damaged");
        }
    }

    /** Tokens of a chunk that are predicted and scored. */
    public static int scored(int context) {
        return context - 1 - context / 2;
    }

    /**
     * Reads the header of a file and compares it with the file's length.
     *
     * @throws InvalidModelException if it is no such file, or not a whole one; the message names it
     * @throws IOException if it cannot be read
     */
    public static BaseLogits read(ModelFolder folder, StoredFile file) throws IOException {
        String where = folder.location() + "/" + file.name() + ": ";
        byte[] start = new byte[(int) Math.min(FileSignature.LENGTH, file.length())];
        folder.readFully(file.name(), 0, start, 0, start.length);
        if (start.length < HEADER_LENGTH || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new InvalidModelException(where + "not a base-logits file of llama-perplexity" + FileSignature.behind(start));
        }
        ByteBuffer header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).position(MAGIC.length);
        try {
            BaseLogits read = new BaseLogits(header.getInt(), header.getInt(), header.getInt());
            read.requireLength(file.length());
            return read;
        } catch (InvalidModelException e) {
            throw new InvalidModelException(where + e.getMessage(), e);
        }
    }

    private void requireLength(long found) {
        String claim = chunks + " chunks of " + context + " tokens, of a vocabulary of " + vocabulary + ", take ";
        long wanted;
        try {
            wanted = length();
        } catch (ArithmeticException e) {
            throw new InvalidModelException(claim + "more than any file has: the file is damaged", e);
        }
        if (found != wanted) {
            throw new InvalidModelException("has " + found + " bytes, where " + claim + wanted + ": "
                    + (found < wanted ? "what wrote it did not come to its end; write it again" : "the file is damaged"));
        }
    }

    /** Bytes of a row. */
    public int rowBytes() {
        return LogitsRow.bytes(vocabulary);
    }

    /** Rows of all chunks. */
    public long rows() {
        return (long) chunks * scored(context);
    }

    /**
     * Where a row begins.
     *
     * @param row counted through all chunks, from 0
     */
    public long position(long row) {
        return HEADER_LENGTH + Math.addExact(
                Math.multiplyExact((long) chunks * context, Integer.BYTES), Math.multiplyExact(row, rowBytes()));
    }

    /** Bytes of the whole file. */
    public long length() {
        return position(rows());
    }

    /**
     * The tokens of the first chunks of a file.
     *
     * @param count number of chunks
     * @throws IOException if it cannot be read
     */
    public List<int[]> readTokens(ModelFolder folder, StoredFile file, int count) throws IOException {
        List<int[]> tokens = new ArrayList<>();
        byte[] bytes = new byte[Math.multiplyExact(context, Integer.BYTES)];
        try (FolderInputStream in = new FolderInputStream(folder, file, BUFFER)) {
            in.skipNBytes(HEADER_LENGTH);
            for (int i = 0; i < count; i++) {
                if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                    throw new EOFException(folder.location() + "/" + file.name() + ": ends within its tokens");
                }
                int[] chunk = new int[context];
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(chunk);
                tokens.add(chunk);
            }
        }
        return tokens;
    }

    /**
     * What stands before the first row: the header and the tokens.
     *
     * @param tokens of each chunk
     */
    public byte[] head(List<int[]> tokens) {
        if (tokens.size() != chunks || tokens.stream().anyMatch(chunk -> chunk.length != context)) {
            throw new IllegalArgumentException("not " + chunks + " chunks of " + context + " tokens");
        }
        ByteBuffer head = ByteBuffer.allocate(Math.toIntExact(position(0))).order(ByteOrder.LITTLE_ENDIAN);
        head.put(MAGIC).putInt(context).putInt(vocabulary).putInt(chunks);
        for (int[] chunk : tokens) {
            head.asIntBuffer().put(chunk);
            head.position(head.position() + chunk.length * Integer.BYTES);
        }
        return head.array();
    }
}
