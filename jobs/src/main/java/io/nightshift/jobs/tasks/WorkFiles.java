package io.nightshift.jobs.tasks;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.S3AFileSystem;

/**
 * The files of a run's work folder, as its tasks reach them.
 *
 * @param folder a {@link WorkFolder}'s location, with its scheme
 * @param settings how to reach it
 */
public record WorkFiles(String folder, HadoopSettings settings) implements Serializable {
    private static final int BUFFER = 1 << 20;

    /**
     * Begins a file, with the folders above it; it is there when the stream is closed.
     *
     * @param name within the folder; attempts that may run at the same time need names of their own
     */
    public DataOutputStream write(String name) throws IOException {
        return new DataOutputStream(new BufferedOutputStream(fileSystem().create(path(name), true), BUFFER));
    }

    /**
     * Writes a file that is seen under its name only when it is whole, and takes the place of one that is there. Attempts at
     * the same content may write it at the same time.
     */
    public void put(String name, byte[] content) throws IOException {
        FileSystem files = fileSystem();
        Path path = path(name);
        if (files instanceof S3AFileSystem) {
            // An object is seen when it is whole, and renaming would copy it.
            write(files, path, content);
            return;
        }
        Path part = new Path(path.getParent(), "." + path.getName() + "-" + UUID.randomUUID());
        try {
            write(files, part, content);
            if (!files.rename(part, path)) {
                files.delete(path, false);
                files.rename(part, path);
            }
        } finally {
            files.delete(part, false);
        }
    }

    private static void write(FileSystem files, Path path, byte[] content) throws IOException {
        try (OutputStream out = files.create(path, true)) {
            out.write(content);
        }
    }

    /**
     * The names of the files in the folder itself.
     *
     * @throws java.io.FileNotFoundException if there is no such folder
     */
    public Set<String> names() throws IOException {
        Set<String> names = new HashSet<>();
        for (FileStatus file : fileSystem().listStatus(StorageLocation.parse(folder).hadoopPath())) {
            names.add(file.getPath().getName());
        }
        return names;
    }

    /** Opens a file. */
    public DataInputStream read(String name) throws IOException {
        return new DataInputStream(new BufferedInputStream(fileSystem().open(path(name)), BUFFER));
    }

    /** Deletes a file, or a folder and all in it, or with "" all; nothing happens where there is none. */
    public void delete(String name) throws IOException {
        fileSystem().delete(path(name), true);
    }

    private FileSystem fileSystem() throws IOException {
        return settings.fileSystem(StorageLocation.parse(folder));
    }

    private Path path(String name) throws IOException {
        Path all = StorageLocation.parse(folder).hadoopPath();
        return name.isEmpty() ? all : new Path(all, name);
    }
}
