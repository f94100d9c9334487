#!/usr/bin/env bash
# What writing small files to Hadoop's local file system costs besides the writing.
#
# Guess: system calls. The JDK can set permissions since version 7, and a program with Hadoop's packages from Maven Central has
#   no reason to start others.
# Seen (hadoop-client 3.5.0): LocalFileSystem.create starts chmod twice for each file, once for the file and once for its checksum;
#   mkdirs starts one for each folder that is new, and RawLocalFileSystem, which writes no checksums, one for each file. It is so
#   where Hadoop's native library is missing, which does not come through Maven.
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
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat > Processes.java <<'JAVA'
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;

public class Processes {
    static final int FILES = 10;

    interface Step {
        void run(Path path) throws Exception;
    }

    /** How often chmod was started meanwhile: the one that is found first writes a line each time. */
    static long started(java.nio.file.Path log, Path folder, Step step) throws Exception {
        long before = Files.readAllLines(log).size();
        for (int i = 0; i < FILES; i++) {
            step.run(new Path(folder, "part-" + i));
        }
        return Files.readAllLines(log).size() - before;
    }

    public static void main(String[] args) throws Exception {
        System.out.println("Hadoop " + VersionInfo.getVersion() + ", JDK " + Runtime.version());
        java.nio.file.Path log = java.nio.file.Path.of(args[0]);
        LocalFileSystem local = FileSystem.getLocal(new Configuration());
        FileSystem raw = local.getRawFileSystem();
        Map<String, Long> seen = new TreeMap<>();
        Path base = new Path(Files.createTempDirectory("files").toUri());
        for (String name : new String[] {"a", "b", "c"}) {
            Files.createDirectory(java.nio.file.Path.of(base.toUri()).resolve(name));
        }
        seen.put("LocalFileSystem.create", started(log, new Path(base, "a"), path -> local.create(path).close()));
        seen.put("LocalFileSystem.mkdirs", started(log, new Path(base, "b"), local::mkdirs));
        seen.put("RawLocalFileSystem.create", started(log, new Path(base, "c"), path -> raw.create(path).close()));
        seen.forEach((call, count) -> System.out.println(call + ", " + FILES + " times: chmod was started " + count + " times"));
        boolean holds = seen.equals(Map.of("LocalFileSystem.create", 2L * FILES, "LocalFileSystem.mkdirs", (long) FILES,
                "RawLocalFileSystem.create", (long) FILES));
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Processes.java
mkdir found-first
chmod=$(command -v chmod)
: >log
printf '#!/bin/sh\necho "$*" >>"%s/log"\nexec "%s" "$@"\n' "$work" "$chmod" >found-first/chmod
"$chmod" +x found-first/chmod
PATH=$work/found-first:$PATH java -Djava.io.tmpdir="$work" -cp "lib/*:." Processes "$work/log"
