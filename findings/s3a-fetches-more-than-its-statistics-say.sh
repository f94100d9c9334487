#!/usr/bin/env bash
# How many bytes S3A fetches for ranges of a large object.
#
# Guess: a positioned read under the read policy 'random' fetches the range that was asked for, and the stream's statistics
#   (stream_read_bytes) count what came over the network.
# Seen (hadoop-aws 3.5.0, whose default stream is the analytics one): readers that each read 4 of 8 MiB in steps of 1 MiB
#   fetch 5 MiB, though the policy is 'random'. With the policy 'whole-file' each of them fetches the whole object of 64 MiB
#   and more, whatever it reads. The statistics say 4 MiB every time. The stream 'classic' fetches what is asked for.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for tool in javac mvn; do command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }; done

cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.hadoop</groupId>
      <artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-aws</artifactId><version>3.5.0</version>
      <exclusions><exclusion><groupId>software.amazon.awssdk</groupId><artifactId>bundle</artifactId></exclusion>
        <exclusion><groupId>org.wildfly.openssl</groupId><artifactId>wildfly-openssl</artifactId></exclusion></exclusions>
    </dependency>
    <dependency><groupId>software.amazon.awssdk</groupId>
      <artifactId>s3-transfer-manager</artifactId><version>2.35.4</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId>
      <artifactId>s3</artifactId><version>2.35.4</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId>
      <artifactId>apache-client</artifactId><version>2.35.4</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId>
      <artifactId>netty-nio-client</artifactId><version>2.35.4</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId>
      <artifactId>sts</artifactId><version>2.35.4</version></dependency>
    <dependency><groupId>org.apache.commons</groupId>
      <artifactId>commons-lang3</artifactId><version>3.20.0</version></dependency>
    <dependency><groupId>com.fasterxml.jackson.core</groupId>
      <artifactId>jackson-annotations</artifactId><version>2.21</version></dependency>
    <dependency><groupId>org.gaul</groupId><artifactId>s3proxy</artifactId><version>4.1.0</version>
      <exclusions><exclusion><groupId>ch.qos.logback</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
  </dependencies>
</project>
XML
cat > Fetch.java <<'JAVA'
import java.io.*;
import java.net.*;
import java.util.*;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.*;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.*;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.statistics.IOStatisticsSource;

public class Fetch {
    public static void main(String[] args) {
        try {
            boolean holds = run();
            System.out.println(holds ? "PASS" : "FAIL: this has changed");
            System.exit(holds ? 0 : 1);
        } catch (Exception | LinkageError e) { // the server's threads would keep this process alive
            e.printStackTrace();
            System.exit(1);
        }
    }

    static S3Client client(int port) {
        return S3Client.builder().endpointOverride(URI.create("http://127.0.0.1:" + port)).forcePathStyle(true)
                .region(Region.US_EAST_1).httpClientBuilder(ApacheHttpClient.builder())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("user", "secret"))).build();
    }

    static S3Proxy server() throws Exception {
        S3Proxy server = S3Proxy.builder().endpoint(URI.create("http://127.0.0.1:0"))
                .awsAuthentication(AuthenticationType.AWS_V4, "user", "secret").blobStore(new TransientNio2BlobStore()).build();
        server.start();
        return server;
    }

    static FileSystem fileSystem(int port, String... settings) throws IOException {
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

    static final int MIB = 1 << 20;
    static final AtomicLong SENT = new AtomicLong();

    /** A port that passes everything on to another one, and counts what comes back. */
    static int counting(int port) throws IOException {
        ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(() -> {
            while (true) {
                Socket near = listening.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), port);
                start(() -> copy(near, far, new AtomicLong()));
                start(() -> copy(far, near, SENT));
            }
        });
        return listening.getLocalPort();
    }

    interface Work { void run() throws IOException; }

    static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // A connection was closed.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    static void copy(Socket from, Socket to, AtomicLong count) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (from; to) {
            for (int read; (read = from.getInputStream().read(buffer)) > 0; ) {
                count.addAndGet(read);
                to.getOutputStream().write(buffer, 0, read);
            }
        }
    }

    /** Fetched and counted bytes over asked ones: eight readers, each with a file system of its own, as executors have. */
    static double[] ratios(int port, String policy, String... settings) throws Exception {
        Path path = new Path("s3a://bucket/object");
        List<FileSystem> fileSystems = new ArrayList<>();
        SENT.set(0);
        long asked = 0;
        long counted = 0;
        for (long reader = 0; reader < 8; reader++) {
            FileSystem fileSystem = fileSystem(port, settings);
            fileSystems.add(fileSystem);
            byte[] block = new byte[MIB];
            var opening = fileSystem.openFile(path).opt("fs.option.openfile.read.policy", policy);
            try (FSDataInputStream in = opening.build().get()) {
                for (int i = 0; i < 4; i++, asked += MIB) {
                    in.readFully(reader * 8 * MIB + i * MIB, block);
                }
                counted += ((IOStatisticsSource) in).getIOStatistics().counters().get("stream_read_bytes");
            }
        }
        for (long before = -1; before != SENT.get(); ) { // what is fetched ahead is still on its way
            before = SENT.get();
            Thread.sleep(700);
        }
        for (FileSystem fileSystem : fileSystems) {
            fileSystem.close();
        }
        double[] ratios = {(double) SENT.get() / asked, (double) counted / asked};
        System.out.printf(Locale.ROOT, "%s %s: fetched %.2f of what was asked for, statistics say %.2f%n",
                settings.length == 0 ? "default" : settings[1], policy, ratios[0], ratios[1]);
        return ratios;
    }

    static boolean run() throws Exception {
        S3Proxy server = server();
        S3Client s3 = client(server.getPort());
        s3.createBucket(request -> request.bucket("bucket"));
        s3.close();
        int port = counting(server.getPort());
        System.out.println("hadoop-aws " + org.apache.hadoop.util.VersionInfo.getVersion() + ", S3Proxy 4.1.0");
        try (FileSystem fileSystem = fileSystem(port);
                FSDataOutputStream out = fileSystem.create(new Path("s3a://bucket/object"))) {
            byte[] block = new byte[MIB];
            for (int i = 0; i < 64; i++) {
                out.write(block);
            }
        }
        double[] random = ratios(port, "random");
        double[] whole = ratios(port, "whole-file");
        double[] classic = ratios(port, "random", "fs.s3a.input.stream.type", "classic");
        return random[0] > 1.2 && random[1] == 1 && whole[0] > 5 && whole[1] == 1
                && classic[0] < 1.01 && classic[1] == 1;
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Fetch.java
java -cp "lib/*:." Fetch 2>err.log || { grep -E "Exception|Error" err.log | head -n 5; exit 1; }
