import java.io.IOException;
import java.net.URI;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** An S3 server in this process with a bucket named bucket, and ways to it: S3A and the AWS client. */
record Store(int port) {
    static Store start() throws Exception {
        S3Proxy server = S3Proxy.builder().endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, "user", "secret").blobStore(new TransientNio2BlobStore()).build();
        server.start();
        Store store = new Store(server.getPort());
        try (S3Client s3 = store.client()) {
            s3.createBucket(request -> request.bucket("bucket"));
        }
        System.out.println("hadoop-aws " + org.apache.hadoop.util.VersionInfo.getVersion() + ", S3Proxy 4.1.0");
        return store;
    }

    S3Client client() {
        return S3Client.builder().endpointOverride(URI.create("http://127.0.0.1:" + port)).forcePathStyle(true)
                .region(Region.US_EAST_1).httpClientBuilder(ApacheHttpClient.builder())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("user", "secret"))).build();
    }

    /** @param settings names and values in turn */
    FileSystem fileSystem(String... settings) throws IOException {
        Configuration configuration = new Configuration();
        configuration.set("fs.s3a.endpoint", "http://127.0.0.1:" + port);
        configuration.set("fs.s3a.endpoint.region", "us-east-1");
        configuration.set("fs.s3a.path.style.access", "true");
        configuration.set("fs.s3a.access.key", "user");
        configuration.set("fs.s3a.secret.key", "secret");
        for (int i = 0; i < settings.length; i += 2) {
            configuration.set(settings[i], settings[i + 1]);
        }
        return FileSystem.newInstance(URI.create("s3a://bucket"), configuration);
    }

    /** Ends the process with 0 if the finding still holds, else with 1. */
    static void report(Callable<Boolean> finding) {
        try {
            boolean holds = finding.call();
            System.out.println(holds ? "PASS" : "FAIL: this has changed");
            System.exit(holds ? 0 : 1);
        } catch (Exception | LinkageError e) { // the server's threads would keep this process alive
            e.printStackTrace();
            System.exit(1);
        }
    }
}
