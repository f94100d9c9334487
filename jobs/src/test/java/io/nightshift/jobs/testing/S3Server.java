package io.nightshift.jobs.testing;

import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.Part;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * An S3 server in this process, holding one bucket in memory. Clients are given the port of a proxy that counts the
 * bytes; what the tests put and get themselves goes past it.
 */
public final class S3Server implements AutoCloseable {
    /** The one bucket that is there. */
    public static final String BUCKET = "models";

    private static final String ACCESS_KEY = "tester";
    private static final String SECRET_KEY = "testers-secret";

    private final S3Proxy server;
    private final CountingProxy proxy;
    private final S3Client client;
    private final Queue<String> operations;
    private long sentBefore;
    private long receivedBefore;

    private S3Server(BlobStore store, Queue<String> operations) throws Exception {
        this.operations = operations;
        server = S3Proxy.builder()
                .endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
                .blobStore(store)
                .stopTimeout(0)
                .build();
        server.start();
        proxy = new CountingProxy(server.getPort());
        client = S3Client.builder()
                .endpointOverride(URI.create("http://127.0.0.1:" + server.getPort()))
                .forcePathStyle(true)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY,
                        SECRET_KEY)))
                .httpClientBuilder(ApacheHttpClient.builder())
                .build();
        client.createBucket(request -> request.bucket(BUCKET));
    }

    /** Starts a server with an empty bucket. */
    public static S3Server start() throws Exception {
        Queue<String> operations = new ConcurrentLinkedQueue<>();
        return new S3Server(recording(new TransientNio2BlobStore(), operations, parts -> { }), operations);
    }

    /** Starts a server that completes uploads of equal parts with consecutive numbers alone, as Cloudflare R2 does. */
    public static S3Server startDemandingEqualParts() throws Exception {
        Queue<String> operations = new ConcurrentLinkedQueue<>();
        return new S3Server(recording(new TransientNio2BlobStore(), operations, S3Server::requireEqual), operations);
    }

    private static void requireEqual(List<Part> parts) {
        for (int i = 0; i < parts.size(); i++) {
            boolean last = i == parts.size() - 1;
            long first = parts.get(0).size();
            if (parts.get(i).partNumber() != i + 1
                    || (last ? parts.get(i).size() > first : parts.get(i).size() != first)) {
                throw new IllegalArgumentException("all parts but the last must have the same length, and numbers from 1 on: "
                        + parts.get(i));
            }
        }
    }

    /**
     * Starts a server that takes conditional requests, and counts no operations: S3Proxy asks its store's class whether
     * it does.
     */
    public static S3Server startConditional() throws Exception {
        return new S3Server(new TransientNio2BlobStore(), new ConcurrentLinkedQueue<>());
    }

    /** Where clients find it. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + proxy.port());
    }

    /** A location in the bucket. */
    public String location(String key) {
        return "s3a://" + BUCKET + "/" + key;
    }

    /** What a Hadoop configuration needs to reach it; with {@code spark.hadoop.} before each key, a Spark one. */
    public Map<String, String> hadoopOptions() {
        Map<String, String> options = new TreeMap<>();
        options.put("fs.s3a.endpoint", endpoint().toString());
        options.put("fs.s3a.endpoint.region", "us-east-1");
        options.put("fs.s3a.path.style.access", "true");
        options.put("fs.s3a.access.key", ACCESS_KEY);
        options.put("fs.s3a.secret.key", SECRET_KEY);
        // Hadoop's cache would hand out the client of a server that an earlier test has stopped.
        options.put("fs.s3a.impl.disable.cache", "true");
        return options;
    }

    /** Settings to reach it. */
    public HadoopSettings settings() {
        return settings(Map.of());
    }

    /** Settings to reach it, with some others. */
    public HadoopSettings settings(Map<String, String> others) {
        Configuration configuration = new Configuration();
        hadoopOptions().forEach(configuration::set);
        others.forEach(configuration::set);
        return HadoopSettings.of(configuration);
    }

    /** Bytes sent to clients since {@link #resetCounters}, headers included. */
    public long bytesSent() {
        return proxy.bytesToClients() - sentBefore;
    }

    /** Bytes that clients sent since {@link #resetCounters}, headers included. */
    public long bytesReceived() {
        return proxy.bytesToServer() - receivedBefore;
    }

    /** How often the server did something since {@link #resetCounters}: {@code getBlob}, {@code list}, … */
    public long operations(String name) {
        return operations.stream().filter(name::equals).count();
    }

    /** All that the server did since {@link #resetCounters}. */
    public List<String> operations() {
        return List.copyOf(operations);
    }

    /** Counts from now on. */
    public void resetCounters() {
        sentBefore = proxy.bytesToClients();
        receivedBefore = proxy.bytesToServer();
        operations.clear();
    }

    /**
     * From now on, or no longer, it is slow and answers every second connection with 503. Only clients notice, not what
     * tests put and get.
     */
    public void trouble(boolean begins) throws IOException {
        proxy.trouble(begins);
    }

    /** Requests that were answered with 503. */
    public long refused() {
        return proxy.refused();
    }

    /** Makes an object. */
    public void put(String key, byte[] content) {
        client.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromBytes(content));
    }

    /** An object's bytes. */
    public byte[] get(String key) {
        return client.getObjectAsBytes(request -> request.bucket(BUCKET).key(key)).asByteArray();
    }

    /** Deletes an object. */
    public void delete(String key) {
        client.deleteObject(request -> request.bucket(BUCKET).key(key));
    }

    /** The keys of all objects. */
    public List<String> keys() {
        return client.listObjectsV2(request -> request.bucket(BUCKET)).contents().stream()
                .map(S3Object::key)
                .toList();
    }

    /** When each object of a prefix was made, by their keys. */
    public Map<String, Instant> times(String prefix) {
        return client.listObjectsV2(request -> request.bucket(BUCKET).prefix(prefix)).contents().stream()
                .collect(Collectors.toMap(S3Object::key, S3Object::lastModified));
    }

    /** The ids of all multipart uploads that are not completed. */
    public List<String> uploads() {
        return client.listMultipartUploads(request -> request.bucket(BUCKET)).uploads().stream()
                .map(MultipartUpload::uploadId)
                .toList();
    }

    /** Starts an upload that nobody knows of. */
    public String startUpload(String key) {
        return client.createMultipartUpload(request -> request.bucket(BUCKET).key(key)).uploadId();
    }

    /** Drops all multipart uploads that are not completed. */
    public void abortUploads() {
        for (MultipartUpload upload : client.listMultipartUploads(request -> request.bucket(BUCKET)).uploads()) {
            client.abortMultipartUpload(
                    request -> request.bucket(BUCKET).key(upload.key()).uploadId(upload.uploadId()));
        }
    }

    /** @param completed is given the parts of an upload that is to be completed, and may refuse them */
    private static BlobStore recording(BlobStore store, Queue<String> operations, Consumer<List<Part>> completed) {
        return (BlobStore) Proxy.newProxyInstance(
                BlobStore.class.getClassLoader(), new Class<?>[] {BlobStore.class}, (self, method, arguments) -> {
                    if (!method.getName().startsWith("supports")) {
                        operations.add(method.getName());
                    }
                    if (method.getName().equals("completeMultipartUpload")) {
                        Map<Integer, Part> uploaded = store.listMultipartUpload(
                                        (org.gaul.s3proxy.blobstore.domain.MultipartUpload) arguments[0]).stream()
                                .collect(Collectors.toMap(Part::partNumber, part -> part));
                        completed.accept(((CompleteMultipartUploadRequest) arguments[1]).multipartUpload().parts().stream()
                                .map(part -> uploaded.get(part.partNumber())).toList());
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public void close() throws Exception {
        client.close();
        proxy.close();
        server.stop();
    }
}
