package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The folder that a job's outputs go to, on the driver. */
public final class OutputFolder {
    private final OutputStore store;
    private final StorageLocation location;

    private OutputFolder(OutputStore store, StorageLocation location) {
        this.store = store;
        this.location = location;
    }

    /**
     * Opens an output folder; it need not exist yet. A remote store is asked once, with short time limits, so that a
     * store that is not there is found out in seconds.
     *
     * @param location a path, or a URI of a Hadoop file system
     * @throws StorageException if the store does not answer or refuses
     */
    public static OutputFolder open(String location, HadoopSettings settings) throws StorageException {
        StorageLocation parsed = StorageLocation.parse(location);
        if (parsed.isLocal()) {
            return new OutputFolder(new LocalOutputStore(parsed.text(), parsed.localPath()), parsed);
        }
        StorageProbe.check(parsed, settings);
        return new OutputFolder(new HadoopOutputStore(parsed, settings), parsed);
    }

    /** The folder, as the user gave it. */
    public String location() {
        return store.location();
    }

    /** An output file of this folder. Nothing is touched before it is asked or begun. */
    public OutputFile file(OutputSpec spec) {
        return new OutputFile(store, spec);
    }

    /**
     * Deletes a file that was committed, where it is there.
     *
     * @throws StorageException if it cannot be deleted
     */
    public void delete(String name) throws IOException {
        store.delete(name);
    }

    /**
     * Makes sure that what is there under a name, if anything, was made by an earlier run ({@link OutputFile}).
     *
     * @throws StorageException if it is someone else's, or a folder
     */
    public void requireReplaceable(String name) throws IOException {
        file(new OutputSpec(name, 1, "", new byte[0])).requireReplaceable();
    }

    /** Whether a run was cut off before it recorded the end of a file, or is at it. */
    public boolean isLeftOpen(String name) throws IOException {
        return file(new OutputSpec(name, 1, "", new byte[0])).isLeftOpen();
    }

    /** Writes and commits a small file at once, from the driver. */
    public void write(String name, String plan, byte[] content) throws IOException {
        OutputFile file = file(new OutputSpec(name, content.length, plan, new byte[0]));
        try (PartWriter writer = file.begin(1).open(new Part(0, 0, content.length), 0)) {
            writer.write(content);
            file.commit(List.of(writer.finish()));
        } catch (IOException | RuntimeException e) {
            file.abort();
            throw e;
        }
    }

    /** Whether all attempts at a part of a file have one number, of which the last one counts. */
    boolean sharesPartNumbers() {
        return store.sharesPartNumbers();
    }

    /** The path, if the folder is a local one: executors elsewhere must see it too. */
    public Optional<Path> localPath() {
        return location.isLocal() ? Optional.of(location.localPath()) : Optional.empty();
    }
}
