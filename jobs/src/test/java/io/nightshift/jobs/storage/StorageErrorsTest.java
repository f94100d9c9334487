package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class StorageErrorsTest {
    private static String explained(Exception e) {
        return StorageErrors.explain("s3a://models/llama", e).getMessage();
    }

    @Test
    void theHostThatIsUnknownIsNamedRatherThanTheCall() {
        IOException told = (IOException) new UnknownHostException("listObjects() on s3a://models: a story")
                .initCause(new RuntimeException("more", new UnknownHostException("models.s3.amazonaws.com")));
        assertEquals(
                "s3a://models/llama: the store's host is unknown (models.s3.amazonaws.com); check fs.s3a.endpoint or "
                        + "the host in the location",
                explained(told));
    }

    @Test
    void causesAreLookedAt() {
        assertEquals(
                "s3a://models/llama: the store does not answer; check fs.s3a.endpoint and the network",
                explained(new IOException("wrapped", new RuntimeException(new ConnectException("refused")))));
        assertEquals("s3a://models/llama: is not there", explained(new IOException(new FileNotFoundException("gone"))));
    }

    @Test
    void anythingElseIsToldInOneLineOfBoundedLength() {
        assertEquals("s3a://models/llama: one two", explained(new IOException("one\n  two\n")));
        assertEquals("s3a://models/llama: ".length() + 301, explained(new IOException("x".repeat(5000))).length());
    }

    @Test
    void whatIsClearAlreadyStays() {
        StorageException clear = new StorageException("here", "is wrong");
        assertSame(clear, StorageErrors.explain("there", new IOException(new RuntimeException(clear))));
    }
}
