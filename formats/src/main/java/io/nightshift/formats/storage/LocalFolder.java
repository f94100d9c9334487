package io.nightshift.formats.storage;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of the local file system. Reads are positional and open the file for themselves, so that a task which is
 * interrupted closes nobody else's channel.
 */
public final class LocalFolder implements ModelFolder {
    private final Path path;

    /** @param path the folder; it need not exist until it is used */
    public LocalFolder(Path path) {
        this.path = Objects.requireNonNull(path);
    }

    @Override
    public String location() {
        return path.toString();
    }

    @Override
    public String name() {
        Path last = path.toAbsolutePath().normalize().getFileName();
        return last == null ? "" : last.toString();
    }

    @Override
    public List<StoredFile> list() throws IOException {
        if (!Files.exists(path)) {
            throw new UnreadableException(path + ": there is no such folder");
        }
        if (!Files.isDirectory(path)) {
            throw new UnreadableException(path + ": is a file, not a folder");
        }
        try (Stream<Path> entries = Files.list(path)) {
            List<StoredFile> files = new ArrayList<>();
            for (Path entry : (Iterable<Path>) entries.sorted()::iterator) {
                if (Files.isRegularFile(entry)) {
                    files.add(stored(entry));
                }
            }
            return files;
        } catch (AccessDeniedException e) {
            throw new UnreadableException(path + ": the folder cannot be read: permission denied", e);
        }
    }

    @Override
    public List<String> subfolders() throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> entry.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        } catch (AccessDeniedException e) {
            throw new UnreadableException(path + ": the folder cannot be read: permission denied", e);
        }
    }

    @Override
    public Optional<ModelFolder> subfolder(String name) {
        Path folder = path.resolve(name);
        return Files.isDirectory(folder) ? Optional.of(new LocalFolder(folder)) : Optional.empty();
    }

    private static StoredFile stored(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        String version = attributes.lastModifiedTime().toInstant().toString();
        return new StoredFile(file.getFileName().toString(), attributes.size(), version);
    }

    @Override
    public void readFully(String file, long position, byte[] into, int offset, int length) throws IOException {
        Path source = path.resolve(file);
        ByteBuffer buffer = ByteBuffer.wrap(into, offset, length);
        try (FileChannel channel = FileChannel.open(source, StandardOpenOption.READ)) {
            for (long at = position; buffer.hasRemaining(); ) {
                int read = channel.read(buffer, at);
                if (read < 0) {
                    throw new EOFException(
                            source + ": ends at byte " + channel.size() + ", within the range of " + length
                                    + " bytes from " + position);
                }
                at += read;
            }
        } catch (NoSuchFileException e) {
            throw new UnreadableException(source + ": there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new UnreadableException(source + ": cannot be read: permission denied", e);
        } catch (EOFException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(source + ": reading " + length + " bytes from " + position + " failed: "
                    + e.getMessage(), e);
        }
    }
}
