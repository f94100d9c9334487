package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.S3Server;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class S3OutputTest extends OutputContract {
    private static final String PREFIX = "quantized/llama/";

    private static S3Server s3;

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.start();
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    @AfterEach
    void empty() {
        s3.keys().forEach(s3::delete);
        s3.abortUploads();
    }

    @Override
    OutputFolder open() throws IOException {
        return open(Map.of());
    }

    private static OutputFolder open(Map<String, String> options) throws IOException {
        return OutputFolder.open(s3.location(PREFIX), s3.settings(options));
    }

    @Override
    Optional<byte[]> content(String name) {
        return s3.keys().contains(PREFIX + name) ? Optional.of(s3.get(PREFIX + name)) : Optional.empty();
    }

    @Override
    void put(String name, byte[] content) {
        s3.put(PREFIX + name, content);
    }

    @Override
    Set<String> everything() {
        Set<String> everything = new TreeSet<>();
        s3.keys().forEach(key -> everything.add(key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : "/" + key));
        s3.uploads().forEach(id -> everything.add("upload " + id));
        return everything;
    }

    @Override
    void startForeignUpload(String name) {
        s3.startUpload(PREFIX + name);
    }

    @Test
    void aSinkAndItsReceiptsTravelBetweenProcesses() throws Exception {
        OutputFile file = file();
        PartSink travelled = copy(file.begin(3));
        List<PartReceipt> receipts = copy(List.copyOf(writeAll(travelled)));
        file.commit(receipts);
        assertTrue(file.isComplete());
    }

    @SuppressWarnings("unchecked")
    private static <T> T copy(T object) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return (T) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    }

    /** A kill between the store's answer and the record: the record says that something was begun, not what. */
    @Test
    void anUploadWhoseIdWasNotKeptIsAbortedByTheNextRunAndNoOther() throws IOException {
        s3.startUpload(PREFIX + NAME);
        s3.startUpload(PREFIX + NAME);
        String other = s3.startUpload(PREFIX + NAME + ".other");
        put(".nightshift/" + NAME + ".upload.json", "{\"id\":\"\"}".getBytes(StandardCharsets.UTF_8));
        OutputFile file = file();
        file.commit(writeAll(file.begin(3)));
        assertTrue(file().isComplete());
        assertEquals(Set.of(NAME, ".nightshift/" + NAME + ".json", "upload " + other), everything());
    }

    @Test
    void aRunWhoseOutputAnotherOneTookOverIsToldSo() throws IOException {
        PartSink sink = file().begin(3);
        OutputFile second = file();
        second.begin(3);
        StorageException error = assertThrows(StorageException.class, () -> write(sink, 0, 0));
        assertTrue(error.getMessage().contains("another run makes the same output"), error.getMessage());
        second.abort();
    }

    @Test
    void aPartThatIsGivenUpIsNotUploaded() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(3);
        s3.resetCounters();
        try (PartWriter writer = sink.open(part(0), 0)) {
            writer.write(bytes(part(0)));
        }
        assertEquals(List.of(), s3.operations());
        file.abort();
    }

    /** Where attempts share a number, a late one makes the winner's tag stale: better no file than another one. */
    @Test
    void withConsecutiveNumbersALateAttemptWithOtherBytesMakesTheCommitFail() throws IOException {
        OutputFile file = open(Map.of(HadoopOutputStore.CONSECUTIVE, "true")).file(spec("plan"));
        PartSink sink = file.begin(3);
        List<PartReceipt> receipts = writeAll(sink);
        write(sink, part(1), 1, randomBytes(5, PART));
        StorageException error = assertThrows(StorageException.class, () -> file.commit(receipts));
        assertTrue(error.getMessage().startsWith(s3.location(PREFIX + NAME) + ": "), error.getMessage());
        assertEquals(Set.of(), everything());
    }

    @Test
    void withConsecutiveNumbersALateAttemptWithTheSameBytesDoesNoHarm() throws IOException {
        OutputFile file = open(Map.of(HadoopOutputStore.CONSECUTIVE, "true")).file(spec("plan"));
        PartSink sink = file.begin(3);
        List<PartReceipt> receipts = writeAll(sink);
        write(sink, 1, 1);
        file.commit(receipts);
        assertTrue(file.isComplete());
    }
}
