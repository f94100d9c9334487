package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StorageProbeTest {
    /** What a client with Hadoop's defaults takes is minutes. */
    private static final Duration SECONDS = Duration.ofSeconds(60);

    private static S3Server s3;

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.start();
        s3.put("llama/config.json", "{}".getBytes());
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    private static String failure(String location, Map<String, String> options) {
        StorageException e = assertTimeoutPreemptively(
                SECONDS,
                () -> assertThrows(
                        StorageException.class, () -> FolderReference.find(location, s3.settings(options))));
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertFalse(e.getMessage().contains("xception"), e.getMessage());
        assertTrue(e.getMessage().startsWith(location + ": "), e.getMessage());
        return e.getMessage().substring(location.length() + 2);
    }

    @Test
    void acceptsAnOutputFolderThatIsNotThereYet() throws StorageException {
        StorageProbe.check(StorageLocation.parse(s3.location("new/folder")), s3.settings());
    }

    @Test
    void saysThatTheSecretIsWrong() {
        assertEquals(
                "access was denied (SignatureDoesNotMatch); check the credentials and what they allow",
                failure(s3.location("llama"), Map.of("fs.s3a.secret.key", "wrong")));
    }

    @Test
    void saysThatTheUserIsUnknown() {
        assertEquals(
                "access was denied (InvalidAccessKeyId); check the credentials and what they allow",
                failure(s3.location("llama"), Map.of("fs.s3a.access.key", "nobody")));
    }

    @Test
    void saysThatThereAreNoCredentials() {
        String problem = failure(
                s3.location("llama"),
                Map.of("fs.s3a.access.key", "", "fs.s3a.secret.key", "", "fs.s3a.aws.credentials.provider",
                        "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"));
        assertTrue(problem.startsWith("no usable S3 credentials were found; set AWS_ACCESS_KEY_ID"), problem);
    }

    @Test
    void saysThatThereIsNoSuchBucket() {
        assertEquals("there is no such bucket; create it or correct the name", failure("s3a://elsewhere/llama", Map.of()));
    }

    @Test
    void saysThatThereIsNoSuchFolder() {
        assertEquals("is not there", failure(s3.location("lama"), Map.of()));
    }

    @Test
    void findsOutThatNobodyListens() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        String endpoint = "http://127.0.0.1:" + port;
        assertEquals(
                "the endpoint " + endpoint + " does not answer; check fs.s3a.endpoint and the network",
                failure(s3.location("llama"), Map.of("fs.s3a.endpoint", endpoint)));
    }

    /** At the endpoint of all buckets or at a bucket's own: both are waited for at once. */
    @Test
    void findsOutThatNobodyAnswers() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 100, InetAddress.getLoopbackAddress())) {
            String endpoint = "http://127.0.0.1:" + silent.getLocalPort();
            CompletableFuture<String> ofBucket = CompletableFuture.supplyAsync(() -> failure(
                    s3.location("llama"), Map.of("fs.s3a.bucket.models.endpoint", endpoint)));
            assertEquals(
                    "the endpoint " + endpoint + " does not answer; check fs.s3a.endpoint and the network",
                    failure(s3.location("llama"), Map.of("fs.s3a.endpoint", endpoint)));
            String problem = ofBucket.join();
            assertTrue(problem.startsWith("the endpoint " + endpoint + " does not answer"), problem);
        }
    }

    @Test
    void saysThatTheHostIsUnknown() {
        String problem = failure(s3.location("llama"), Map.of("fs.s3a.endpoint", "http://no-such-host.invalid"));
        assertTrue(problem.startsWith("the endpoint http://no-such-host.invalid does not answer"), problem);
    }

    @Test
    void saysThatASchemeIsUnknown() {
        assertTrue(failure("gopher://host/llama", Map.of()).startsWith("no file system is known for this scheme"));
    }

    @Test
    void saysThatTheSchemeOfS3IsS3a() {
        StorageException e =
                assertThrows(StorageException.class, () -> FolderReference.find("s3://models/llama", s3.settings()));
        assertTrue(e.getMessage().contains("write s3a:// instead of s3://"), e.getMessage());
    }
}
