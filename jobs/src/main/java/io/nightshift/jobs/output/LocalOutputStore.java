package io.nightshift.jobs.output;

import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.storage.LocalErrors;
import io.nightshift.jobs.storage.StorageException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A folder of the local file system. An upload is a file under {@code .nightshift/} with a name that only this run
 * knows; completing it is a rename.
 *
 * <p>Nothing is forced to the disk: like a copied file, an output is in the operating system's memory when the command
 * ends, and a power failure soon after may damage it. Forcing would cost a run as long as the disk takes to write all
 * of it. What must not happen is that a rerun takes a damaged file for a complete one: a local file is skipped only if
 * it has the checksum that was recorded.
 */
final class LocalOutputStore implements OutputStore {
    private final String location;
    private final Path folder;
    private final Deque<Path> made = new ArrayDeque<>();

    LocalOutputStore(String location, Path folder) {
        this.location = location;
        this.folder = folder.toAbsolutePath().normalize();
    }

    @Override
    public String location() {
        return location;
    }

    @Override
    public boolean versionTellsContent() {
        return false;
    }

    @Override
    public Optional<StoredFile> find(String name) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.isDirectory(path.getParent())) {
            // If something else is in its place, making the folder says so.
            return Optional.empty();
        }
        try {
            BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
            return file.isRegularFile()
                    ? Optional.of(new StoredFile(name, file.size(), file.lastModifiedTime().toString()))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw LocalErrors.explain(location, e);
        }
    }

    @Override
    public boolean isFolder(String name) {
        return Files.isDirectory(folder.resolve(name));
    }

    @Override
    public byte[] readHead(String name, int length) throws IOException {
        try (InputStream in = open(name)) {
            byte[] head = in.readNBytes(length);
            if (head.length < length) {
                throw new EOFException(location + "/" + name + ": ends after " + head.length + " bytes");
            }
            return head;
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        return Files.newInputStream(folder.resolve(name));
    }

    @Override
    public void replace(String name, byte[] content) throws IOException {
        Path target = folder.resolve(name);
        Path next = target.resolveSibling(target.getFileName() + ".new");
        try {
            makeFolder(target.getParent());
            Files.write(next, content);
            move(next, target);
        } catch (IOException e) {
            deleteAfter(next, e);
            throw LocalErrors.explain(location, e);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            throw LocalErrors.explain(location, e);
        }
    }

    @Override
    public void start(String name, Recorder recorder) throws IOException {
        String id = UUID.randomUUID().toString();
        byte[] upload = id.getBytes(StandardCharsets.UTF_8);
        Path file = uploadFile(name, id);
        try {
            makeFolder(folder.resolve(name).getParent());
            makeFolder(file.getParent());
            recorder.record(upload);
            Files.createFile(file);
        } catch (IOException e) {
            tidy();
            throw LocalErrors.explain(location, e);
        }
    }

    @Override
    public PartSink sink(String name, byte[] upload, int parts, long length) {
        return new LocalPartSink(uploadFile(name, id(upload)).toString(), location + "/" + name);
    }

    @Override
    public void complete(String name, byte[] upload, List<PartReceipt> parts, List<SeamReceipt> seams) throws IOException {
        Path whole = uploadFile(name, id(upload));
        try {
            for (PartReceipt receipt : parts) {
                if (receipt.attempt() > 0) {
                    putInPlace(whole, receipt);
                }
            }
            move(whole, folder.resolve(name));
            deleteUpload(whole);
        } catch (NoSuchFileException e) {
            throw new StorageException(location + "/" + name, LocalPartSink.TAKEN_OVER, e);
        } catch (IOException e) {
            throw LocalErrors.explain(location + "/" + name, e);
        }
    }

    /** Copies what an attempt wrote into a file of its own to where it belongs. */
    private static void putInPlace(Path whole, PartReceipt receipt) throws IOException {
        Part part = receipt.part();
        try (FileChannel from = FileChannel.open(LocalPartSink.ofAttempt(whole, part, receipt.attempt()));
                FileChannel to = FileChannel.open(whole, StandardOpenOption.WRITE)) {
            for (long done = 0; done < part.length(); ) {
                long copied = to.transferFrom(from.position(done), part.position() + done, part.length() - done);
                if (copied == 0) {
                    throw new EOFException(part + " ends after " + done + " bytes");
                }
                done += copied;
            }
        }
    }

    @Override
    public void abort(String name, byte[] upload) throws IOException {
        try {
            deleteUpload(uploadFile(name, id(upload)));
        } catch (IllegalArgumentException e) {
            // No id that this store gave: there is no such upload.
        } catch (IOException e) {
            throw LocalErrors.explain(location + "/" + name, e);
        }
    }

    private static void deleteAfter(Path file, IOException failure) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Deletes the file of an upload, if it is there, and those of later attempts at its parts. */
    private static void deleteUpload(Path whole) throws IOException {
        Files.deleteIfExists(whole);
        String start = whole.getFileName() + ".";
        try (DirectoryStream<Path> ofAttempts = Files.newDirectoryStream(
                whole.getParent(), file -> file.getFileName().toString().startsWith(start))) {
            for (Path file : ofAttempts) {
                Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            // Nor is the folder there any more.
        }
    }

    @Override
    public void tidy() throws IOException {
        for (Path folder : List.copyOf(made)) {
            try {
                Files.deleteIfExists(folder);
                made.remove(folder);
            } catch (DirectoryNotEmptyException e) {
                // Another output is under way there, or something else is kept there by now.
            }
        }
    }

    private Path uploadFile(String name, String id) {
        return folder.resolve(OutputRecords.FOLDER + name + "." + id + ".partial");
    }

    /** An id from a record is checked: it must not lead to another folder. */
    private static String id(byte[] upload) {
        return UUID.fromString(new String(upload, StandardCharsets.UTF_8)).toString();
    }

    /** Makes a folder and those above it that are missing, and remembers them, the innermost first. */
    private void makeFolder(Path missing) throws IOException {
        if (!Files.isDirectory(missing)) {
            if (missing.getParent() != null) {
                makeFolder(missing.getParent());
            }
            Files.createDirectory(missing);
            made.push(missing);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the folder's file system cannot rename in one step", e);
        }
    }
}
