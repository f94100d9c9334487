package io.nightshift.jobs.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The two small JSON files kept for each output under {@code .nightshift/}: which upload is under way, so that the next
 * run can abort exactly that one, and for which plan the file was committed, so that the next run can skip it.
 */
final class OutputRecords {
    /** The folder of the records, and of local files that are not committed yet. */
    static final String FOLDER = ".nightshift/";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LARGEST = 1 << 20;

    private final OutputStore store;
    private final String completion;
    private final String upload;

    OutputRecords(OutputStore store, String name) {
        this.store = store;
        completion = FOLDER + name + ".json";
        upload = FOLDER + name + ".upload.json";
    }

    /** What was committed: the plan, the file as the store then described it, and the CRC-32C of its bytes. */
    record Completion(String plan, long length, String version, long crc32c) {}

    /** @param id as the store gave it; Base64 in JSON */
    record Upload(byte[] id) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Upload upload && Arrays.equals(id, upload.id);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(id);
        }
    }

    /** The last commit, if there was one and its record can be read. */
    Optional<Completion> completion() throws IOException {
        return read(completion, Completion.class);
    }

    /** Whether an earlier run made the file, or began to. */
    boolean exist() throws IOException {
        return store.find(completion).isPresent() || sayUpload();
    }

    /** The upload under way, if there is one. */
    Optional<Upload> upload() throws IOException {
        return read(upload, Upload.class).filter(record -> record.id() != null);
    }

    /** Whether an upload is recorded, in whatever words. */
    boolean sayUpload() throws IOException {
        return store.find(upload).isPresent();
    }

    void started(byte[] id) throws IOException {
        store.replace(upload, JSON.writeValueAsBytes(new Upload(id)));
    }

    void committed(String plan, StoredFile file, long crc32c) throws IOException {
        Completion record = new Completion(plan, file.length(), file.version(), crc32c);
        store.replace(completion, JSON.writeValueAsBytes(record));
    }

    /** The record may be that of a later run, which took over: then it stays, so that its upload can be found. */
    void ended(byte[] id) throws IOException {
        Optional<Upload> recorded = upload();
        if (recorded.isEmpty() || recorded.get().equals(new Upload(id))) {
            store.delete(upload);
        }
    }

    /** Deletes the record of an upload, whosever it is. */
    void forgetUpload() throws IOException {
        store.delete(upload);
    }

    private <T> Optional<T> read(String name, Class<T> type) throws IOException {
        Optional<StoredFile> file = store.find(name);
        if (file.isEmpty() || file.get().length() > LARGEST) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(store.readHead(name, (int) file.get().length()), type));
        } catch (JsonProcessingException e) {
            // A record cut short by a crash says nothing: the file is made again.
            return Optional.empty();
        }
    }
}
