package io.nightshift.jobs.storage;

import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * A single file that a user named, for the driver to read.
 *
 * @param folder the folder it lies in; of a remote one, no other file is known
 * @param file the file
 */
public record FileReference(ModelFolder folder, StoredFile file) {
    /**
     * Looks a file up. A remote store is first asked with short time limits.
     *
     * @param location a path, or a URI of a Hadoop file system
     * @throws StorageException if the store does not answer or refuses, or there is no such file
     * @throws IOException if a local folder cannot be read
     */
    public static FileReference find(String location, HadoopSettings settings) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        if (parsed.isLocal()) {
            Path path = parsed.localPath();
            if (!Files.isRegularFile(path)) {
                throw new StorageException(location,
                        Files.isDirectory(path) ? "is a folder, not a file" : "there is no such file");
            }
            LocalFolder folder = new LocalFolder(path.getParent());
            String name = path.getFileName().toString();
            StoredFile file = folder.find(name)
                    .orElseThrow(() -> new StorageException(location, "there is no such file"));
            return new FileReference(folder, file);
        }
        FileStatus status = StorageProbe.ask(parsed, settings, store -> find(parsed, store).orElseThrow(
                () -> new StorageException(location, "is a folder, not a file")));
        StoredFile file = StoredFiles.of(parsed.name(), status);
        StorageLocation folder = parsed.parent().orElseThrow();
        return new FileReference(new HadoopFolder(folder, settings.fileSystem(folder), List.of(file)), file);
    }

    /**
     * Whether a location is that of a file, not of a folder or nothing.
     *
     * @throws StorageException if the store does not answer or refuses
     */
    public static boolean isFile(String location, HadoopSettings settings) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        return parsed.isLocal() ? Files.isRegularFile(parsed.localPath()) : StorageProbe.ask(parsed, settings, store -> {
            try {
                return find(parsed, store).isPresent();
            } catch (FileNotFoundException e) {
                return false;
            }
        });
    }

    private static Optional<FileStatus> find(StorageLocation location, FileSystem store) throws IOException {
        RemoteIterator<LocatedFileStatus> found = store.listLocatedStatus(location.hadoopPath());
        LocatedFileStatus first = found.hasNext() ? found.next() : null;
        // What lies in a folder of that name has a longer path.
        return first == null || !first.isFile() || !first.getPath().equals(location.hadoopPath())
                ? Optional.empty()
                : Optional.of(first);
    }

    /** The file's folder as tasks open it, in which no other file is known. */
    public FolderReference folderForTasks(HadoopSettings settings) throws StorageException {
        return new FolderReference(StorageLocation.parse(folder.location()), settings, List.of(file));
    }
}
