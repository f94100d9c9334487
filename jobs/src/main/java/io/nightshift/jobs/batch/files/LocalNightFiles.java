package io.nightshift.jobs.batch.files;

import io.nightshift.jobs.storage.LocalErrors;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** Files of a local folder. */
final class LocalNightFiles implements NightFiles {
    private final Path folder;

    LocalNightFiles(Path folder) {
        this.folder = folder;
    }

    @Override
    public String location(String name) {
        return folder.resolve(name).toString();
    }

    @Override
    public void write(String name, byte[] content) throws IOException {
        Path target = folder.resolve(name);
        LocalErrors.makeFolder(target.getParent());
        Path next = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
        try {
            Files.write(next, content);
            Files.move(next, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(next);
            throw LocalErrors.explain(location(name), e);
        }
    }

    @Override
    public boolean create(String name, byte[] content) throws IOException {
        Path target = folder.resolve(name);
        LocalErrors.makeFolder(target.getParent());
        try {
            Files.write(target, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw LocalErrors.explain(location(name), e);
        }
    }

    @Override
    public Optional<byte[]> read(String name) throws IOException {
        try {
            return Optional.of(Files.readAllBytes(folder.resolve(name)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failure(name, "cannot be read", e);
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        try {
            return Files.newInputStream(folder.resolve(name));
        } catch (IOException e) {
            throw failure(name, "cannot be read", e);
        }
    }

    @Override
    public List<Entry> list(String name) throws IOException {
        Path listed = folder.resolve(name);
        if (!Files.isDirectory(listed)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(listed)) {
            return files.filter(Files::isRegularFile).map(this::entry).flatMap(Optional::stream)
                    .sorted(java.util.Comparator.comparing(Entry::name)).toList();
        } catch (IOException | UncheckedIOException e) {
            throw failure(name, "cannot be listed", e);
        }
    }

    /** Nothing for a file that was deleted meanwhile. */
    private Optional<Entry> entry(Path file) {
        try {
            String name = folder.relativize(file).toString();
            return Optional.of(new Entry(name, Files.size(file), Files.getLastModifiedTime(file).toMillis()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw failure(name, "cannot be deleted", e);
        }
    }

    private StorageException failure(String name, String what, Exception e) {
        return e instanceof NoSuchFileException
                ? new StorageException(location(name), "is not there", e)
                : new StorageException(location(name), what + ": " + e.getMessage(), e);
    }
}
