package io.nightshift.jobs.storage;

import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A model folder, described so that tasks can open it: where it is, how to reach it, and what was found there. The
 * store is listed once, by the driver.
 *
 * @param location where it is
 * @param settings how to reach it
 * @param files the listing, sorted by name
 */
public record FolderReference(StorageLocation location, HadoopSettings settings, List<StoredFile> files)
        implements Serializable {
    /** OWNER/NAME, as the Hugging Face hub names its repositories. */
    private static final Pattern REPOSITORY = Pattern.compile("[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*");

    public FolderReference {
        files = List.copyOf(files);
    }

    /**
     * Looks a folder up. A remote store is first asked with short time limits, so that one that is not there is found
     * out in seconds.
     *
     * @param location a path, or a URI of a Hadoop file system
     * @throws StorageException if the store does not answer or refuses, or the folder is not there
     * @throws IOException if a local folder cannot be read
     */
    public static FolderReference find(String location, HadoopSettings settings) throws IOException {
        requireIfLocal(location);
        StorageLocation parsed = StorageLocation.parse(location);
        if (parsed.isLocal()) {
            // Absolute: the working directory of executors is another one.
            StorageLocation absolute = StorageLocation.parse(parsed.localPath().toString());
            return new FolderReference(absolute, settings, new LocalFolder(absolute.localPath()).list());
        }
        List<StoredFile> files = StorageProbe.ask(parsed, settings, store -> HadoopFolder.list(parsed, store));
        return new FolderReference(parsed, settings, files);
    }

    /**
     * Requires a local folder to be there; says nothing of others.
     *
     * @throws StorageException if it is not there
     */
    public static void requireIfLocal(String location) throws StorageException {
        StorageLocation parsed = StorageLocation.parse(location);
        if (parsed.isLocal() && !Files.isDirectory(parsed.localPath())) {
            throw new StorageException(location, Files.exists(parsed.localPath()) ? "is a file, not a folder"
                    : "there is no such folder" + (REPOSITORY.matcher(location).matches()
                            ? "; if a repository of Hugging Face is meant, " + StorageLocation.HOW_TO_DOWNLOAD : ""));
        }
    }

    /** The folder, on the driver or in a task. Cheap: no request is sent. */
    public ModelFolder open() throws StorageException {
        return location.isLocal()
                ? new LocalFolder(location.localPath())
                : new HadoopFolder(location, settings.fileSystem(location), files);
    }
}
