package io.nightshift.formats.storage;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A folder in memory, which remembers what was read of it. */
public final class RecordingFolder implements ModelFolder {
    /** A range that was read. */
    public record Read(String file, long position, int length) {}

    private final Map<String, byte[]> files = new TreeMap<>();
    private final List<Read> reads = new ArrayList<>();

    public RecordingFolder put(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    public List<Read> reads() {
        return reads;
    }

    @Override
    public String location() {
        return "mem:model";
    }

    @Override
    public String name() {
        return "model";
    }

    @Override
    public List<StoredFile> list() {
        return files.entrySet().stream()
                .map(entry -> new StoredFile(entry.getKey(), entry.getValue().length, "1"))
                .toList();
    }

    @Override
    public List<String> subfolders() {
        return List.of();
    }

    @Override
    public Optional<ModelFolder> subfolder(String name) {
        return Optional.empty();
    }

    @Override
    public void readFully(String file, long position, byte[] into, int offset, int length) throws IOException {
        reads.add(new Read(file, position, length));
        byte[] content = files.get(file);
        if (content == null || position + length > content.length) {
            throw new EOFException(file);
        }
        System.arraycopy(content, (int) position, into, offset, length);
    }
}
