package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.FolderInputStream;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the binary files that llama-imatrix wrote before it wrote GGUF (common/imatrix-loader.cpp,
 * common_imatrix_load_legacy). For each tensor they hold the mean squares, multiplied by a number of chunks, and that
 * number. Here both are multiplied by {@link Imatrix#DEFAULT_CHUNK_SIZE}, a power of two, as llama-imatrix does when it
 * combines files: so they are sums over about as many tokens, and the quotients stay the same to the last bit.
 */
final class LegacyImatrixReader {
    private static final int BUFFER = 4 << 20;
    private static final int VALUES_AT_ONCE = 1 << 16;

    /** Bytes an entry has at least: three numbers, a name of one letter, one value. */
    private static final int SMALLEST_ENTRY = 17;

    private final FolderInputStream in;
    private final long length;
    private final byte[] number = new byte[Integer.BYTES];

    private LegacyImatrixReader(FolderInputStream in, long length) {
        this.in = in;
        this.length = length;
    }

    static Imatrix read(ModelFolder folder, StoredFile file) throws IOException {
        String where = folder.location() + "/" + file.name();
        try (FolderInputStream stream = new FolderInputStream(folder, file, BUFFER)) {
            return new LegacyImatrixReader(stream, file.length()).read();
        } catch (EOFException e) {
            throw new InvalidModelException(
                    where + ": truncated: the importance matrix does not end within the file", e);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(where + ": " + e.getMessage(), e);
        }
    }

    private Imatrix read() throws IOException {
        int count = int32();
        if (count < 1 || count > length / SMALLEST_ENTRY) {
            throw new InvalidModelException("no importance matrix: neither GGUF nor the older binary format");
        }
        Map<String, ImportanceEntry> entries = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            String name = text("the name of entry " + (i + 1));
            ImportanceEntry entry = entry(name);
            if (entries.put(name, entry) != null) {
                throw new InvalidModelException(Printable.name(name) + " stands there twice");
            }
        }
        if (remaining() == 0) {
            // The oldest files end here.
            return new Imatrix(entries, List.of(), 0, Imatrix.DEFAULT_CHUNK_SIZE);
        }
        int chunks = Math.max(0, int32());
        String dataset = remaining() == 0 ? "" : text("the name of the dataset");
        return new Imatrix(
                entries, dataset.isEmpty() ? List.of() : List.of(dataset), chunks, Imatrix.DEFAULT_CHUNK_SIZE);
    }

    private ImportanceEntry entry(String name) throws IOException {
        int calls = int32();
        if (calls < 0) {
            throw new InvalidModelException(Printable.name(name) + " was made of " + calls
                    + " chunks of text, a number that cannot be: the file is damaged; make it again with llama-imatrix");
        }
        int values = int32();
        if (values < 1 || values > remaining() / Float.BYTES) {
            throw new InvalidModelException(Printable.name(name) + " claims " + Integer.toUnsignedString(values)
                    + " values, and " + remaining() + " bytes are left of the file");
        }
        float[] sums = new float[values];
        boolean empty = true;
        for (int from = 0; from < values; from += VALUES_AT_ONCE) {
            int count = Math.min(VALUES_AT_ONCE, values - from);
            ByteBuffer bytes = ByteBuffer.wrap(exactly(count * Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = from; i < from + count; i++) {
                sums[i] = bytes.getFloat() * Imatrix.DEFAULT_CHUNK_SIZE;
                empty &= sums[i] == 0;
            }
        }
        if (calls == 0 && empty) {
            throw new InvalidModelException(Printable.name(name) + " was made of 0 chunks of text and holds nothing but"
                    + " zeros; make the matrix again with llama-imatrix, of more text");
        }
        // Files without a number of chunks hold the means themselves.
        long chunks = Math.max(1, calls);
        return new ImportanceEntry(sums, new long[] {chunks * Imatrix.DEFAULT_CHUNK_SIZE});
    }

    private String text(String what) throws IOException {
        int bytes = int32();
        if (bytes < 0 || bytes > remaining()) {
            throw new InvalidModelException(
                    what + " claims " + Integer.toUnsignedString(bytes) + " bytes, and " + remaining()
                            + " are left of the file");
        }
        return new String(exactly(bytes), StandardCharsets.UTF_8);
    }

    private int int32() throws IOException {
        if (in.readNBytes(number, 0, number.length) < number.length) {
            throw new EOFException();
        }
        return ByteBuffer.wrap(number).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    private byte[] exactly(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    private long remaining() {
        return length - in.position();
    }
}
