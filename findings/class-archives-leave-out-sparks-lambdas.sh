#!/usr/bin/env bash
# Spark's start with an archive of its classes (class data sharing). Needs a JDK, 17 or newer.
#
# Guess: an archive that -XX:ArchiveClassesAtExit makes of a run holds the classes of its lambdas, as it does for Java code, so
#   that a second run like it makes hardly any anew.
# Seen (Spark 4.2.0, JDK 17.0.15 and 25.0.3): only those of lambdas that cannot be serialized. Scala compiles every lambda to
#   one that can, and so Spark makes more than a thousand classes anew at every start, while all but six of those in its jars
#   come from the archive, and twelve of lambdas that are written in Java. Of the two lambdas below, one of each sort, one is
#   in the archive.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
for tool in "${bin}javac" "${bin}jar" "${bin}java" mvn; do
  command -v "$tool" >/dev/null || { echo "needs $tool"; exit 2; }
done

cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.spark</groupId>
      <artifactId>spark-core_2.13</artifactId><version>4.2.0</version></dependency>
  </dependencies>
</project>
XML
cat > Start.java <<'JAVA'
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

public class Start {
    static class Plain {
        static final IntUnaryOperator TWICE = n -> 2 * n;
    }

    static class Serialized {
        static final Function<Integer, Integer> TWICE = n -> 2 * n;
    }

    public static void main(String[] args) throws Exception {
        SparkConf conf = new SparkConf().setMaster("local[1]").setAppName("start").set("spark.ui.enabled", "false")
                .set("spark.driver.host", "localhost").set("spark.driver.bindAddress", "127.0.0.1");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            int sum = spark.parallelize(List.of(1, 2, 3), 1).map(Serialized.TWICE).collect().stream().mapToInt(n -> n).sum();
            System.out.println("sums: " + sum + " " + Plain.TWICE.applyAsInt(6));
        }
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
"${bin}javac" -cp 'lib/*' -d classes Start.java
"${bin}jar" cf start.jar -C classes .

opens=()
for package in lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic; do
  opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
opens+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/sun.security.action=ALL-UNNAMED)
run() {
  "${bin}java" "$@" "${opens[@]}" -cp "start.jar:$(printf '%s:' lib/*.jar)" Start >said 2>err || { tail -n 5 err; exit 1; }
}
run -XX:ArchiveClassesAtExit=start.jsa
run -XX:SharedArchiveFile=start.jsa -Xlog:class+load:file=loaded

"${bin}java" -version 2>&1 | head -n 1
grep '^sums' said
# A lambda's class is named after the class that it stands in; one made anew names that as its source, too.
from() { grep -E "$1" loaded | grep -cE "source: $2" || true; }
lambdas='(scala|org\.apache\.spark)[^ ]*\$\$Lambda'
classes='(scala|org\.apache\.spark)[^ ]* source: (shared|jar:|file:)'
again=$(from "$lambdas" '(scala|org)\.')
archived=$(from "$lambdas" 'shared objects file')
kept=$(from "$classes" 'shared objects file')
read_again=$(from "$classes" '(jar|file):')
echo "classes of lambdas of Spark and Scala: $again made anew, $archived from the archive"
echo "their other classes: $read_again read from jars, $kept from the archive"
plain=$(from 'Start\$Plain\$\$Lambda' 'shared objects file')
serialized=$(from 'Start\$Serialized\$\$Lambda' 'shared objects file')
echo "in the archive: $plain of 1 lambda that cannot be serialized, $serialized of 1 that can"
[ "$again" -ge 500 ] && [ "$archived" -le 50 ] && [ "$kept" -ge 1000 ] && [ "$read_again" -le 100 ] && [ "$plain" -eq 1 ] &&
  [ "$serialized" -eq 0 ] && echo PASS || { echo "FAIL: this has changed"; exit 1; }
