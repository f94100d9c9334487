#!/usr/bin/env bash
# TaskContext.attemptNumber() as a name for what an attempt writes.
#
# Guess: attempts at one partition have different attempt numbers; the documentation says that the first one has 0 and that
#   later ones have increasing numbers. So partition and attempt number make a name that no two running tasks share.
# Seen (Spark 4.2.0): they begin at 0 again when a stage is submitted again, as it is when the output of the stage before is
#   lost. Tasks of the first submission go on running, so two tasks with the same partition and the same attempt number run
#   at the same time. stageAttemptNumber() and taskAttemptId() tell them apart. (The lost output is played here by throwing
#   Spark's own FetchFailedException.)
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
    <dependency><groupId>org.apache.spark</groupId>
      <artifactId>spark-core_2.13</artifactId><version>4.2.0</version></dependency>
  </dependencies>
</project>
XML
cat > Attempts.java <<'JAVA'
import java.util.*;
import java.util.concurrent.*;
import org.apache.spark.*;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.shuffle.FetchFailedException;
import scala.Tuple2;

public class Attempts {
    /** In local mode tasks run in this process. */
    static final Set<String> RUNNING = ConcurrentHashMap.newKeySet();
    static final Queue<String> LOG = new ConcurrentLinkedQueue<>();
    static final Set<String> TOGETHER = ConcurrentHashMap.newKeySet();

    static Iterator<Integer> work(int partition, Iterator<?> rows) throws Exception {
        TaskContext task = TaskContext.get();
        String name = "partition " + partition + " attempt " + task.attemptNumber();
        LOG.add("submission " + task.stageAttemptNumber() + " of the stage: " + name + ", task " + task.taskAttemptId());
        if (!RUNNING.add(name)) {
            TOGETHER.add(name);
        }
        try {
            if (task.stageAttemptNumber() == 0) {
                if (partition == 0) {
                    Thread.sleep(500);
                    throw new FetchFailedException(SparkEnv.get().blockManager().shuffleServerId(), 0, 0L, 0, 0, "lost", null);
                }
                Thread.sleep(6000);
            } else {
                Thread.sleep(500);
            }
            return List.of(partition).iterator();
        } finally {
            RUNNING.remove(name);
        }
    }

    public static void main(String[] args) {
        SparkConf conf = new SparkConf().setMaster("local[4]").setAppName("attempts").set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            System.out.println("Spark " + spark.version() + ", Java " + System.getProperty("java.version"));
            spark.parallelize(List.of(0, 1), 2)
                    .mapToPair(i -> new Tuple2<>(i, i))
                    .partitionBy(new HashPartitioner(2))
                    .mapPartitionsWithIndex((partition, rows) -> work(partition, rows), false)
                    .collect();
        }
        LOG.forEach(System.out::println);
        System.out.println("running twice at once under one name: " + TOGETHER);
        boolean holds = TOGETHER.contains("partition 1 attempt 0");
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=lib >mvn.log 2>&1 ||
  { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
javac -cp "lib/*" Attempts.java
options=()
for package in java.lang java.lang.invoke java.nio java.util sun.nio.ch sun.security.action; do
  options+=("--add-opens=java.base/$package=ALL-UNNAMED") # as Spark's own launcher does
done
java "${options[@]}" -cp "lib/*:." Attempts 2>err.log || { grep -E "Exception|Error" err.log | head -n 5; exit 1; }
