package io.nightshift.formats.storage;

import java.io.IOException;
import java.io.InputStream;

/** A file of a folder, read forward through a buffer by ranged reads. */
public final class FolderInputStream extends InputStream {
    private final ModelFolder folder;
    private final StoredFile file;
    private final byte[] buffer;
    private long position;
    private int next;
    private int filled;

    /** @param bufferSize bytes a ranged read fetches */
    public FolderInputStream(ModelFolder folder, StoredFile file, int bufferSize) {
        this.folder = folder;
        this.file = file;
        this.buffer = new byte[bufferSize];
    }

    /** Bytes read so far. */
    public long position() {
        return position - (filled - next);
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer[next++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, filled - next);
        System.arraycopy(buffer, next, into, offset, count);
        next += count;
        return count;
    }

    @Override
    public long skip(long count) throws IOException {
        long skipped = Math.max(0, Math.min(count, file.length() - position()));
        long target = position() + skipped;
        if (target <= position) {
            next += (int) skipped;
        } else {
            position = target;
            next = 0;
            filled = 0;
        }
        return skipped;
    }

    private boolean fill() throws IOException {
        if (next < filled) {
            return true;
        }
        int count = (int) Math.min(buffer.length, file.length() - position);
        if (count <= 0) {
            return false;
        }
        folder.readFully(file.name(), position, buffer, 0, count);
        position += count;
        next = 0;
        filled = count;
        return true;
    }
}
