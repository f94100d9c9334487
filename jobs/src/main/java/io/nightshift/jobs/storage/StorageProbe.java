package io.nightshift.jobs.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.s3a.S3AUtils;

/**
 * Asks a store once, before any work. Hadoop's S3 client tries a store that does not answer again for minutes, and takes
 * no time limit below 15 s; here an endpoint is first asked for anything at all, and then for the folder, both with few
 * and short tries.
 */
public final class StorageProbe {
    private static final int TRIES = 2;
    private static final Duration TIME_LIMIT = Duration.ofSeconds(4);

    private static final Map<String, String> IMPATIENT = Map.of(
            "fs.s3a.attempts.maximum", "1",
            "fs.s3a.retry.limit", "1",
            "fs.s3a.retry.interval", "200ms",
            "fs.s3a.retry.throttle.limit", "3",
            "fs.s3a.connection.establish.timeout", "15s",
            "fs.s3a.connection.timeout", "15s",
            "fs.s3a.connection.request.timeout", "20s",
            "ipc.client.connect.max.retries", "2",
            "ipc.client.connect.max.retries.on.timeouts", "2",
            "ipc.client.connect.timeout", "4000");

    private StorageProbe() {}

    /** What a store is asked. */
    interface Question<T> {
        T ask(FileSystem fileSystem) throws IOException;
    }

    /**
     * Makes sure before the work that a folder can be made and written to; a store is asked. It is not there afterwards if
     * it was not before.
     *
     * @throws StorageException if not
     */
    public static void prepare(StorageLocation folder, HadoopSettings settings) throws IOException {
        if (folder.isLocal()) {
            LocalErrors.tryFolder(folder.localPath());
        } else {
            check(folder, settings);
        }
    }

    /**
     * Makes sure that the store of a location answers, accepts the credentials and has the bucket. The folder itself
     * may be missing.
     *
     * @throws StorageException if not; the message says which
     */
    public static void check(StorageLocation location, HadoopSettings settings) throws StorageException {
        ask(location, settings, fileSystem -> {
            try {
                // Not getFileStatus: the answer to HEAD has no room for the reason of a refusal.
                return fileSystem.listLocatedStatus(location.hadoopPath()).hasNext();
            } catch (FileNotFoundException e) {
                return false;
            }
        });
    }

    /**
     * Asks a store something, impatiently.
     *
     * @throws StorageException if there is no answer; the message says why
     */
    static <T> T ask(StorageLocation location, HadoopSettings settings, Question<T> question) throws StorageException {
        if (location.scheme().equals("s3a")) {
            requireAnswer(location, settings);
        }
        try (FileSystem impatient = settings.with(IMPATIENT).newFileSystem(location)) {
            return question.ask(impatient);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location.text(), e);
        }
    }

    /** Any HTTP answer will do, whatever its status. Only where an endpoint is set: AWS's own need no probe. */
    private static void requireAnswer(StorageLocation location, HadoopSettings settings) throws StorageException {
        Configuration configuration = S3AUtils.propagateBucketOptions(
                settings.configuration(), location.hadoopPath().toUri().getHost());
        String endpoint = configuration.getTrimmed("fs.s3a.endpoint", "");
        if (endpoint.isEmpty() || !configuration.getTrimmed("fs.s3a.proxy.host", "").isEmpty()) {
            return;
        }
        if (!endpoint.contains("://")) {
            boolean secure = configuration.getBoolean("fs.s3a.connection.ssl.enabled", true);
            endpoint = (secure ? "https://" : "http://") + endpoint;
        }
        IOException failure = null;
        for (int i = 0; i < TRIES; i++) {
            try {
                HttpClient client = HttpClient.newBuilder().connectTimeout(TIME_LIMIT).build();
                HttpRequest request = HttpRequest.newBuilder(URI.create(endpoint)).timeout(TIME_LIMIT).build();
                client.send(request, BodyHandlers.discarding());
                return;
            } catch (IOException e) {
                failure = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StorageException(location.text(), "interrupted while the store was asked", e);
            } catch (IllegalArgumentException e) {
                throw new StorageException(location.text(), "fs.s3a.endpoint is no URL: " + endpoint, e);
            }
        }
        throw new StorageException(location.text(), "the endpoint " + endpoint + " does not answer; check fs.s3a.endpoint "
                + "and the network", failure);
    }
}
