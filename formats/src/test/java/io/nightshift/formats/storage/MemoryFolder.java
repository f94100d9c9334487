package io.nightshift.formats.storage;

import java.io.EOFException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A folder that holds its files in memory. */
public record MemoryFolder(String name, Map<String, byte[]> files) implements ModelFolder {
    /** A folder of text files. */
    public static MemoryFolder of(String name, Map<String, String> texts) {
        Map<String, byte[]> files = new TreeMap<>();
        texts.forEach((file, text) -> files.put(file, text.getBytes(StandardCharsets.UTF_8)));
        return new MemoryFolder(name, files);
    }

    @Override
    public String location() {
        return "memory";
    }

    @Override
    public List<StoredFile> list() {
        return files.entrySet().stream()
                .map(file -> new StoredFile(file.getKey(), file.getValue().length, ""))
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
    public void readFully(String file, long position, byte[] into, int offset, int length) throws EOFException {
        byte[] content = files.get(file);
        if (position + length > content.length) {
            throw new EOFException(file + " ends early");
        }
        System.arraycopy(content, (int) position, into, offset, length);
    }
}
