#!/usr/bin/env bash
# Deleting a file of an object store through Hadoop's S3A.
#
# Guess: after the only object under a prefix was deleted, nothing is there: S3 has no folders, and no folder was made.
# Seen (hadoop-aws 3.5.0): delete(path) puts an empty object for the parent folder, so that the folder goes on existing. A
#   bucket that held a/b/model.gguf and nothing else holds a/b/ then. Deleting through the AWS client leaves nothing.
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
cat > Delete.java <<'JAVA'
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
import software.amazon.awssdk.core.sync.RequestBody;

public class Delete {
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

    static List<String> keys(S3Client s3) {
        return s3.listObjectsV2(request -> request.bucket("bucket")).contents().stream()
                .map(object -> object.key() + " (" + object.size() + " bytes)").toList();
    }

    static boolean run() throws Exception {
        S3Proxy server = server();
        S3Client s3 = client(server.getPort());
        s3.createBucket(request -> request.bucket("bucket"));
        FileSystem fileSystem = fileSystem(server.getPort());
        System.out.println("hadoop-aws " + org.apache.hadoop.util.VersionInfo.getVersion() + ", S3Proxy 4.1.0");
        s3.putObject(request -> request.bucket("bucket").key("a/b/model.gguf"), RequestBody.fromString("GGUF"));
        System.out.println("before: " + keys(s3));
        boolean deleted = fileSystem.delete(new Path("s3a://bucket/a/b/model.gguf"), false);
        List<String> after = keys(s3);
        System.out.println("after:  " + after);
        return deleted && after.equals(List.of("a/b/ (0 bytes)"));
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Delete.java
java -cp "lib/*:." Delete 2>err.log || { grep -E "Exception|Error" err.log | head -n 5; exit 1; }
