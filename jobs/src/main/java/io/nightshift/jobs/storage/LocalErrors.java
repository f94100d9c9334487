package io.nightshift.jobs.storage;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the local file system's exceptions mean to a user. */
public final class LocalErrors {
    private LocalErrors() {}

    /**
     * Makes a folder and those above it, where they are missing.
     *
     * @throws StorageException if it cannot be made, which says why
     */
    public static void makeFolder(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw explain(folder.toString(), e);
        }
    }

    /**
     * Makes sure that a folder can be made and written to. Those that are missing are made, and removed again.
     *
     * @throws StorageException if not, which says why
     */
    static void tryFolder(Path folder) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (Path above = folder; above != null && !Files.exists(above); above = above.getParent()) {
            missing.add(above);
        }
        makeFolder(folder);
        if (!Files.isWritable(folder)) {
            throw explain(folder.toString(), new AccessDeniedException(folder.toString()));
        }
        try {
            for (Path made : missing) {
                Files.delete(made);
            }
        } catch (IOException e) {
            // Another run has begun to use it.
        }
    }

    /** A failure as one that says what to do, unless it does already. */
    public static IOException explain(String location, IOException e) {
        if (e instanceof StorageException || e instanceof ClosedByInterruptException) {
            return e;
        }
        if (e instanceof AccessDeniedException) {
            return new StorageException(location, "cannot be written: permission denied; choose another output folder", e);
        }
        if (e instanceof FileAlreadyExistsException exists) {
            return new StorageException(location, "cannot be written: " + exists.getFile() + " is a file, where a folder "
                    + "has to be; choose another output folder", e);
        }
        String reason = reason(e);
        String advice = reason.contains("No space left") ? "free some space or choose another output folder"
                : "choose another output folder";
        return new StorageException(location, "cannot be written: " + reason + "; " + advice, e);
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException failed) {
            return failed.getReason() != null ? failed.getReason() : failed.getFile() + " cannot be made or opened";
        }
        return String.valueOf(e.getMessage());
    }
}
