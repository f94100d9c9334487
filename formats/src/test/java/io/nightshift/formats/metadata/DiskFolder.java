package io.nightshift.formats.metadata;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A folder on disk, under any name. */
public record DiskFolder(Path path, String name) implements ModelFolder {
    @Override
    public String location() {
        return path.toString();
    }

    @Override
    public List<StoredFile> list() throws IOException {
        return files(path, "");
    }

    @Override
    public List<StoredFile> list(String subfolder) throws IOException {
        Path folder = path.resolve(subfolder);
        return Files.isDirectory(folder) ? files(folder, subfolder + "/") : List.of();
    }

    private static List<StoredFile> files(Path folder, String prefix) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isRegularFile)
                    .sorted()
                    .map(file -> new StoredFile(prefix + file.getFileName(), file.toFile().length(), ""))
                    .toList();
        }
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(path.resolve(name));
    }

    @Override
    public void readFully(String file, long position, byte[] into, int offset, int length) throws IOException {
        try (FileChannel channel = FileChannel.open(path.resolve(file))) {
            ByteBuffer buffer = ByteBuffer.wrap(into, offset, length);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, position + buffer.position() - offset) < 0) {
                    throw new EOFException(file + " ends early");
                }
            }
        }
    }
}
