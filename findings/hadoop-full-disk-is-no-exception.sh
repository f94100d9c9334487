#!/usr/bin/env bash
# What a stream of Hadoop's local file system throws when the disk is full.
#
# Guess: an IOException, as its signature says and as streams of the JDK do; so catch (IOException) is where one says which
#   folder has no room.
# Seen (hadoop-client 3.5.0): org.apache.hadoop.fs.FSError, which is an Error and no Exception. Neither catch (IOException) nor
#   catch (Exception) sees it. Its cause is the JDK's IOException, whose message has no path. It is so with and without
#   checksums. (The full disk is Linux's device /dev/full.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for tool in javac mvn; do command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }; done
[ -c /dev/full ] || { echo "needs /dev/full"; exit 2; }

cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat > Full.java <<'JAVA'
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;

public class Full {
    interface Opening {
        OutputStream open() throws IOException;
    }

    static Throwable thrown(String what, Opening opening) {
        try (OutputStream out = opening.open()) {
            out.write(new byte[100_000]);
        } catch (Throwable e) {
            System.out.println(what + ": " + e.getClass().getName() + ", " + e.getMessage());
            return e;
        }
        throw new AssertionError(what + ": nothing");
    }

    public static void main(String[] args) throws Exception {
        System.out.println("Hadoop " + VersionInfo.getVersion() + ", JDK " + Runtime.version());
        java.nio.file.Path file = Files.createTempDirectory("full").resolve("model.gguf");
        Files.createSymbolicLink(file, java.nio.file.Path.of("/dev/full"));
        LocalFileSystem local = FileSystem.getLocal(new Configuration());
        Path path = new Path(file.toUri());
        Throwable plain = thrown("FileOutputStream", () -> new FileOutputStream(file.toFile()));
        Throwable checked = thrown("LocalFileSystem", () -> local.create(path));
        Throwable raw = thrown("RawLocalFileSystem", () -> local.getRawFileSystem().create(path));
        boolean holds = plain instanceof IOException;
        for (Throwable each : new Throwable[] {checked, raw}) {
            holds &= each instanceof FSError && !(((Throwable) each) instanceof Exception);
            holds &= each.getCause() instanceof IOException cause && !cause.getMessage().contains("model.gguf");
        }
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Full.java
java -Djava.io.tmpdir="$work" -cp "lib/*:." Full
