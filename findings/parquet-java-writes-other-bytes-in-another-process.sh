#!/usr/bin/env bash
# Whether parquet-java makes the same file of the same rows twice, in two processes of one machine.
#
# Guess: yes, with the same version, schema, rows and settings: a file holds no time and no random name, so a checksum tells
#   whether a table has changed.
# Seen (parquet-hadoop 1.17.0, JDK 17 and 25): no. Each column of the footer lists the encodings that it has, in the order of a
#   hash set of enums. An enum's hash is drawn by the JVM and depends on how many objects the thread had hashed before, which
#   varies in any program with several threads. Eight processes that differ in nothing else make at least two files. These
#   have one length, the same rows, and the same bytes but for these lists. Within a process the order stays, so a test that
#   writes twice sees nothing.
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
    <dependency><groupId>org.apache.parquet</groupId><artifactId>parquet-hadoop</artifactId><version>1.17.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
cat > Table.java <<'JAVA'
import java.nio.file.Path;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Writes the same three rows, after a number of other objects were hashed. */
public class Table {
    static void write(Path file) throws Exception {
        MessageType columns =
                MessageTypeParser.parseMessageType("message errors { required binary tensor (STRING); required double error; }");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file))
                .withConf(new PlainParquetConfiguration()).withType(columns).build()) {
            for (int i = 0; i < 3; i++) {
                SimpleGroup row = new SimpleGroup(columns);
                row.add("tensor", "blk." + i + ".attn_q.weight");
                row.add("error", 0.001 * i);
                writer.write(row);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < Integer.parseInt(args[0]); i++) {
            new Object().hashCode();
        }
        write(Path.of(args[1]));
        write(Path.of(args[1] + ".again"));
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Table.java
holds=yes
for hashed in 0 1 2 3 4 5 6 7; do
  java -cp "lib/*:." Table $hashed "table$hashed" 2>java.log || { tail -n 5 java.log; exit 2; }
  cmp -s "table$hashed" "table$hashed.again" || { echo "two files of process $hashed differ"; holds=no; }
done
sums=$(sha256sum table? | cut -c1-64 | sort -u | wc -l)
lengths=$(wc -c table? | grep -v total | awk '{print $1}' | sort -u | wc -l)
other=$(for file in table?; do cmp -l table0 "$file" || true; done | awk '{print $1}' | sort -u | wc -l)
echo "parquet-hadoop 1.17.0: 8 processes, $sums different files of $lengths length, $other bytes that are not the same in all"
[ "$sums" -ge 2 ] && [ "$lengths" = 1 ] && [ "$other" -le 8 ] || holds=no
[ $holds = yes ] && echo PASS || { echo "FAIL: this has changed"; exit 1; }
