package io.nightshift.jobs.tasks;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.s3a.S3AFileSystem;

/**
 * The files of a run's work folder, as its tasks reach them.
 *
 * @param folder a {@link WorkFolder}'s location, with its scheme
 * @param settings how to reach it
 */
public record WorkFiles(String folder, HadoopSettings settings) implements Serializable {
    private static final int BUFFER = 1 << 20;

    /** What a file is to hold. */
    public interface Content {
        /** Writes all of it, and does not close the stream. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Begins a file, with the folders above it; it is there when the stream is closed.
     *
     * @param name within the folder; attempts that may run at the same time need names of their own
     * @throws io.nightshift.jobs.storage.StorageException if it cannot be made; from the stream likewise
     */
    public DataOutputStream write(String name) throws IOException {
        return new DataOutputStream(new BufferedOutputStream(new Located(located(() -> create(name))), BUFFER));
    }

    private OutputStream create(String name) throws IOException {
        return fileSystem().create(path(name), true);
    }

    private interface Call<T> {
        T get() throws IOException;
    }

    /** Says of what cannot be written where it was to be. */
    private <T> T located(Call<T> call) throws IOException {
        try {
            return call.get();
        } catch (IOException e) {
            throw StorageErrors.explain(folder, e);
        } catch (FSError e) { // Hadoop's of a local disk, a full one among them.
            throw StorageErrors.explain(folder, new IOException(e.getCause().getMessage(), e));
        }
    }

    /** A stream whose errors are located. */
    private final class Located extends OutputStream {
        private final OutputStream out;

        Located(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            located(() -> {
                out.write(bytes, from, length);
                return null;
            });
        }

        @Override
        public void flush() throws IOException {
            located(() -> {
                out.flush();
                return null;
            });
        }

        @Override
        public void close() throws IOException {
            located(() -> {
                out.close();
                return null;
            });
        }
    }

    /**
     * Writes a file that is seen under its name only when it is whole, and takes the place of one that is there. Attempts at
     * the same content may write it at the same time.
     *
     * @throws io.nightshift.jobs.storage.StorageException if it cannot be written
     */
    public void put(String name, byte[] content) throws IOException {
        put(name, out -> out.write(content));
    }

    /** The same for content that is large, and not there as bytes. */
    public void put(String name, Content content) throws IOException {
        located(() -> {
            FileSystem files = fileSystem();
            Path path = path(name);
            if (files instanceof S3AFileSystem) {
                // An object is seen when it is whole, and renaming would copy it.
                write(files, path, content);
            } else {
                writeAside(files, path, content);
            }
            return null;
        });
    }

    private static void writeAside(FileSystem files, Path path, Content content) throws IOException {
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

    private static void write(FileSystem files, Path path, Content content) throws IOException {
        try (FSDataOutputStream file = files.create(path, true)) {
            try {
                OutputStream out = new BufferedOutputStream(file, BUFFER);
                content.writeTo(out);
                out.flush();
            } catch (IOException | RuntimeException | Error e) {
                // Closing would make an object of what was written so far.
                if (file.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
                    file.abort();
                }
                throw e;
            }
        }
    }

    /** Whether a file is there. */
    public boolean exists(String name) throws IOException {
        return fileSystem().exists(path(name));
    }

    /** The names of the files in the folder itself; none where there is no such folder. */
    public Set<String> names() throws IOException {
        Set<String> names = new HashSet<>();
        try {
            for (FileStatus file : fileSystem().listStatus(StorageLocation.parse(folder).hadoopPath())) {
                names.add(file.getPath().getName());
            }
        } catch (FileNotFoundException e) {
            return Set.of();
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
