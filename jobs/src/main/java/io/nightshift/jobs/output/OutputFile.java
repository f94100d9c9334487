package io.nightshift.jobs.output;

import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.output.OutputRecords.Completion;
import io.nightshift.jobs.output.OutputRecords.Upload;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One output file, from the driver's side: {@link #begin}, then either {@link #commit} or {@link #abort}. Until the
 * commit nothing is seen under the file's name (or what was there before stays); the commit makes the whole file appear
 * in one step.
 *
 * <p>Two runs must not make the same output at once: the later one takes over, and the earlier one fails.
 */
public final class OutputFile {
    /** The most parts that a file may have: 2,500, as S3 takes part numbers up to 10,000 and a part needs a few of them. */
    public static final int MAX_PARTS = UploadPartSink.MAX_PARTS;

    /** The smallest part that S3 takes, but for the last one of a file: 5 MiB. */
    public static final long MIN_PART_LENGTH = 5 << 20;

    private final OutputStore store;
    private final OutputSpec spec;
    private final OutputRecords records;
    private byte[] upload;
    private int parts;

    OutputFile(OutputStore store, OutputSpec spec) {
        this.store = store;
        this.spec = spec;
        records = new OutputRecords(store, spec.name());
    }

    /** What is to be made. */
    public OutputSpec spec() {
        return spec;
    }

    /** The file's full location, for messages. */
    public String location() {
        return store.location() + "/" + spec.name();
    }

    /**
     * Whether the file was committed for the same plan and is still what was committed, by length and version (entity
     * tag or modification time), and by its checksum where a version does not tell the content: a local file is read.
     *
     * @throws StorageException if the store does not say, or what is there is not to be replaced
     *     ({@link #requireReplaceable})
     */
    public boolean isComplete() throws IOException {
        requireReplaceable();
        Optional<Completion> completion = records.completion();
        if (completion.isEmpty() || !spec.plan().equals(completion.get().plan())) {
            return false;
        }
        Completion last = completion.get();
        Optional<StoredFile> file = store.find(spec.name());
        return file.isPresent()
                && file.get().length() == spec.length()
                && file.get().length() == last.length()
                && file.get().version().equals(last.version())
                && (store.versionTellsContent() || crc32c() == last.crc32c());
    }

    /**
     * Makes sure that what is there under the file's name, if anything, was made by an earlier run. Not to be asked where
     * the user wants it to be replaced.
     *
     * @throws StorageException if it is someone else's, or a folder
     */
    public void requireReplaceable() throws IOException {
        requireNoFolder();
        if (store.find(spec.name()).isPresent() && !records.exist()) {
            throw new StorageException(location(), "is there already, and no run of nightshift made it: move it away, choose"
                    + " another output folder, or replace it with --overwrite");
        }
    }

    private void requireNoFolder() throws IOException {
        if (store.isFolder(spec.name())) {
            throw new StorageException(location(), "is a folder, where a file is to be made; move it away or choose another"
                    + " output folder");
        }
    }

    /**
     * Starts the upload: aborts the one that an earlier run left, if there is one, and records the new one's id beside
     * the output before any part is written.
     *
     * @param parts number of parts, 1 to {@link #MAX_PARTS}
     * @return where tasks write the parts
     * @throws StorageException if the output cannot be written
     */
    public PartSink begin(int parts) throws IOException {
        if (parts < 1 || parts > MAX_PARTS) {
            throw new IllegalArgumentException(location() + ": " + parts + " parts, where 1 to " + MAX_PARTS + " can be");
        }
        requireNoFolder();
        abortLeft();
        store.deleteSeams(spec.name(), OutputStore.UNKNOWN);
        this.parts = parts;
        try {
            store.start(spec.name(), id -> {
                upload = id;
                records.started(id);
            });
        } catch (IOException | RuntimeException e) {
            abortAfter(e);
            throw e;
        }
        return store.sink(spec.name(), upload, parts, spec.length());
    }

    private void abortLeft() throws IOException {
        Optional<Upload> left = records.upload();
        if (left.isPresent()) {
            store.abort(spec.name(), left.get().id());
        }
    }

    /** Whether a run was cut off after it had begun the file and before it recorded its end, or is at it. */
    public boolean isLeftOpen() throws IOException {
        return records.sayUpload();
    }

    /**
     * Removes the upload that a run left which was cut off, and its record: for a file that is not to be made anew.
     *
     * @throws StorageException if the store does not do it
     */
    public void dropLeft() throws IOException {
        if (isLeftOpen()) {
            abortLeft();
            records.forgetUpload();
        }
        store.deleteSeams(spec.name(), OutputStore.UNKNOWN);
    }

    /**
     * What tasks have to join before the commit, where the store wants other parts than theirs ({@link FileCommit}).
     *
     * @param receipts one for each part, in any order
     * @throws IllegalStateException if the receipts do not make up the file
     */
    List<Seam> seams(List<PartReceipt> receipts) throws IOException {
        requireBegun();
        return store.seams(spec.name(), upload, inOrder(receipts), spec.length());
    }

    /**
     * The same as {@link #commit(List, List)}, where there is nothing to be joined.
     *
     * @param receipts one for each part, in any order
     */
    public void commit(List<PartReceipt> receipts) throws IOException {
        commit(receipts, List.of());
    }

    /**
     * Makes the file appear, checks its length and first bytes, and records that it is complete. A file that is not
     * what it should be is deleted; whatever fails, the upload is gone afterwards.
     *
     * @param receipts one for each part, in any order
     * @param joined one for each of the {@link #seams}
     * @throws IllegalStateException if the receipts do not make up the file
     * @throws StorageException if the store refuses, or the file is not what it should be
     */
    void commit(List<PartReceipt> receipts, List<SeamReceipt> joined) throws IOException {
        requireBegun();
        try {
            List<PartReceipt> inOrder = inOrder(receipts);
            store.complete(spec.name(), upload, inOrder, joined);
            records.committed(spec.plan(), verified(), Crc32c.ofParts(inOrder));
            store.deleteSeams(spec.name(), upload);
            records.ended(upload);
            upload = null;
        } catch (IOException | RuntimeException e) {
            abortAfter(e);
            throw e;
        }
    }

    /**
     * Drops the upload and its parts; attempts that still run cannot add to them. Nothing happens where no upload was begun,
     * or it is committed already.
     *
     * @throws StorageException if the store does not do it; the next run's {@link #begin} does it again
     */
    public void abort() throws IOException {
        if (upload == null) {
            return;
        }
        store.abort(spec.name(), upload);
        records.ended(upload);
        store.tidy();
        upload = null;
    }

    private void abortAfter(Exception failure) {
        try {
            abort();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void requireBegun() {
        if (upload == null) {
            throw new IllegalStateException(location() + ": nothing was begun");
        }
    }

    private List<PartReceipt> inOrder(List<PartReceipt> receipts) {
        List<PartReceipt> inOrder = receipts.stream()
                .sorted(Comparator.comparingInt(receipt -> receipt.part().index()))
                .toList();
        long position = 0;
        for (int i = 0; i < inOrder.size(); i++) {
            Part part = inOrder.get(i).part();
            if (part.index() != i || part.position() != position) {
                throw new IllegalStateException(location() + ": " + part + " where part " + i + " at " + position
                        + " was to come");
            }
            position += part.length();
        }
        if (inOrder.size() != parts || position != spec.length()) {
            throw new IllegalStateException(location() + ": " + inOrder.size() + " parts of together " + position
                    + " bytes, where " + parts + " of " + spec.length() + " were planned");
        }
        return inOrder;
    }

    private long crc32c() throws IOException {
        try (InputStream in = store.open(spec.name())) {
            return Crc32c.of(in);
        }
    }

    private StoredFile verified() throws IOException {
        Optional<StoredFile> file = store.find(spec.name());
        if (file.isEmpty()) {
            throw new StorageException(location(), "the store does not show the file after it was committed; run again");
        }
        boolean asPlanned = file.get().length() == spec.length()
                && Arrays.equals(store.readHead(spec.name(), spec.head().length), spec.head());
        if (!asPlanned) {
            store.delete(spec.name());
            throw new StorageException(location(), "the committed file (" + file.get().length() + " bytes) is not what "
                    + "was written (" + spec.length() + " bytes); it was deleted, run again");
        }
        return file.get();
    }
}
