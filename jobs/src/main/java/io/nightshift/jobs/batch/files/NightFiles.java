package io.nightshift.jobs.batch.files;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** The files below an output. Names are paths within it, with slashes; messages of exceptions name the file. */
public interface NightFiles {
    /**
     * A file that is there.
     *
     * @param name path within the output
     * @param bytes its length
     * @param modified by the store's clock, in milliseconds since 1970
     */
    record Entry(String name, long bytes, long modified) {}

    /**
     * The files of an output, which need not exist yet. A remote store is asked once, with short time limits.
     *
     * @throws StorageException if the store does not answer or refuses
     */
    static NightFiles open(String output, HadoopSettings settings) throws StorageException {
        StorageLocation location = StorageLocation.parse(output);
        if (location.isLocal()) {
            return new LocalNightFiles(location.localPath());
        }
        StorageProbe.check(location, settings);
        return new HadoopNightFiles(location, settings.fileSystem(location));
    }

    /** Where a file is, for people and results. */
    String location(String name);

    /** Makes or replaces a file, in one step. */
    void write(String name, byte[] content) throws IOException;

    /**
     * Makes a file, unless there is one: of several that try at once, one succeeds.
     *
     * @return whether it was made
     */
    boolean create(String name, byte[] content) throws IOException;

    /** A file's content, if it is there. */
    Optional<byte[]> read(String name) throws IOException;

    /** Reads a file from its beginning. */
    InputStream open(String name) throws IOException;

    /** The files in a folder and those below it, sorted by name; none where there is no such folder. */
    List<Entry> list(String folder) throws IOException;

    /** Deletes a file; nothing happens where there is none. */
    void delete(String name) throws IOException;
}
