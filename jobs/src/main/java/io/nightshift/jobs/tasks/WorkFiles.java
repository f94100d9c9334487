package io.nightshift.jobs.tasks;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

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

    /** Opens a file. */
    public DataInputStream read(String name) throws IOException {
        return new DataInputStream(new BufferedInputStream(fileSystem().open(path(name)), BUFFER));
    }

    /** Deletes a file, or a folder and all in it; nothing happens where there is none. */
    public void delete(String name) throws IOException {
        fileSystem().delete(path(name), true);
    }

    private FileSystem fileSystem() throws IOException {
        return settings.fileSystem(StorageLocation.parse(folder));
    }

    private Path path(String name) throws IOException {
        return new Path(StorageLocation.parse(folder).hadoopPath(), name);
    }
}
