package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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
        byte[] magic = new byte[Integer.BYTES];
        if (file.length() < magic.length) {
            throw new InvalidModelException(folder.location() + "/" + file.name()
                    + ": no importance matrix: the file has " + file.length() + " bytes");
        }
        folder.readFully(file.name(), 0, magic, 0, magic.length);
        return ByteBuffer.wrap(magic).order(ByteOrder.LITTLE_ENDIAN).getInt() == GGUF_MAGIC
                ? GgufImatrixReader.read(folder, file)
                : LegacyImatrixReader.read(folder, file);
    }
}
