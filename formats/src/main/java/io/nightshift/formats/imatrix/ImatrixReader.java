package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.FileSignature;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** Reads importance matrices of either format: GGUF, or the binary one that llama-imatrix wrote before. */
public final class ImatrixReader {
    private static final int GGUF_MAGIC = 0x46554747;

    private ImatrixReader() {}

    /**
     * Reads a file. Memory is taken for what the file holds, never for what it claims.
     *
     * @throws InvalidModelException if it is no importance matrix, is damaged, or has no entries; the message names it
     * @throws IOException if it cannot be read
     */
    public static Imatrix read(ModelFolder folder, StoredFile file) throws IOException {
        if (file.length() < Integer.BYTES) {
            throw new InvalidModelException(folder.location() + "/" + file.name()
                    + ": no importance matrix: the file has " + file.length() + " bytes");
        }
        byte[] start = new byte[(int) Math.min(FileSignature.LENGTH, file.length())];
        folder.readFully(file.name(), 0, start, 0, start.length);
        if (ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt() == GGUF_MAGIC) {
            return GgufImatrixReader.read(folder, file);
        }
        Optional<String> other = FileSignature.of(start);
        if (other.isPresent()) {
            throw new InvalidModelException(
                    folder.location() + "/" + file.name() + ": no importance matrix, but " + other.get());
        }
        return LegacyImatrixReader.read(folder, file);
    }
}
