package io.nightshift.jobs.output;

import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * What the protocol of {@link OutputFile} needs of an output folder. Names are paths within the folder. Messages of
 * exceptions name the file and say what to do.
 */
interface OutputStore {
    /** The folder, as the user gave it. */
    String location();

    /** Whether a file with the same length and version is sure to have the same bytes. */
    boolean versionTellsContent();

    /** A file's length and version, if it is there. */
    Optional<StoredFile> find(String name) throws IOException;

    /** The first {@code length} bytes of a file that is there and not shorter. */
    byte[] readHead(String name, int length) throws IOException;

    /** Reads a file that is there, from its beginning. */
    InputStream open(String name) throws IOException;

    /** Makes or replaces a small file, in one step where the store can. */
    void replace(String name, byte[] content) throws IOException;

    /** Deletes a file; nothing happens where there is none. */
    void delete(String name) throws IOException;

    /** Whether a folder is there under a file's name. */
    boolean isFolder(String name) throws IOException;

    /** The id of an upload that the store may have begun: to abort it is to abort all of that file. */
    byte[] UNKNOWN = {};

    /** Keeps the id of an upload. */
    interface Recorder {
        void record(byte[] upload) throws IOException;
    }

    /**
     * Starts an upload: room for parts that nobody sees before {@link #complete}.
     *
     * @param recorder is given the id before anything is made: what a killed run leaves is found by its record. A store
     *     that draws the id itself gives {@link #UNKNOWN} before and the id after. An id is unlike that of any other upload
     */
    void start(String name, Recorder recorder) throws IOException;

    /**
     * Where tasks write the parts of an upload.
     *
     * @param parts number of parts
     * @param length of the file
     */
    PartSink sink(String name, byte[] upload, int parts, long length);

    /** Whether all attempts at a part are one to the store: the last one counts. */
    default boolean sharesPartNumbers() {
        return false;
    }

    /**
     * Parts of an upload that are to be joined before it can be completed.
     *
     * @param parts what was written, in order
     * @param length of the file
     */
    default List<Seam> seams(String name, byte[] upload, List<PartReceipt> parts, long length) throws IOException {
        return List.of();
    }

    /**
     * Makes the parts, in order, the file of that name, replacing what was there.
     *
     * @param seams those of {@link #seams}, joined
     */
    void complete(String name, byte[] upload, List<PartReceipt> parts, List<SeamReceipt> seams) throws IOException;

    /**
     * Deletes what was kept of seams.
     *
     * @param upload whose; {@link #UNKNOWN} for those of every upload of that file
     */
    default void deleteSeams(String name, byte[] upload) throws IOException {}

    /** Drops an upload and its parts, and no other; nothing happens where it is gone. */
    void abort(String name, byte[] upload) throws IOException;

    /** Removes folders that this store made and that are empty again. */
    default void tidy() throws IOException {}
}
