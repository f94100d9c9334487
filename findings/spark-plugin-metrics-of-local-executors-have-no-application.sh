#!/usr/bin/env bash
# What Spark's metrics system calls the metrics that the executor half of a plugin registers, where master is local[N].
#
# Guess: APPLICATION.driver.plugin.CLASS.NAME, as those of the plugin's driver half: both halves run in the one process.
# Seen (Spark 4.2.0, CSV sink): the driver half's are called so; the executor half's are plugin.CLASS.NAME alone. The local
#   executor starts before the application has its id. In a cluster both have it (APPLICATION.0.plugin... for executor 0). So a
#   dashboard by application shows the executors of clusters, and of local runs the driver alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for tool in javac mvn; do command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }; done
cat > pom.xml <<'XML'
<project><modelVersion>4.0.0</modelVersion><groupId>f</groupId><artifactId>f</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.spark</groupId><artifactId>spark-core_2.13</artifactId><version>4.2.0</version></dependency>
</dependencies></project>
XML
mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DincludeScope=runtime \
  -DoutputDirectory=home/jars >mvn.log 2>&1 || { tail -n 5 mvn.log; echo "the packages could not be installed"; exit 2; }
cat > Counting.java <<'JAVA'
import com.codahale.metrics.Counter;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

public class Counting implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new DriverPlugin() {
            @Override
            public Map<String, String> init(SparkContext spark, PluginContext context) {
                context.metricRegistry().register("ofDriver", new Counter());
                return Map.of();
            }
        };
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorPlugin() {
            @Override
            public void init(PluginContext context, Map<String, String> ofDriver) {
                context.metricRegistry().register("ofExecutor", new Counter());
            }
        };
    }

    public static void main(String[] args) {
        SparkConf conf = new SparkConf().setMaster(args[0]).setAppName("finding").set("spark.plugins", "Counting")
                .set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.memory", "1g").set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set("spark.metrics.conf.*.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink")
                .set("spark.metrics.conf.*.sink.csv.directory", args[1])
                .set("spark.metrics.conf.*.sink.csv.period", "1");
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            spark.parallelize(List.of(1, 2, 3), 3).reduce(Integer::sum);
        }
    }
}
JAVA
javac -cp "home/jars/*" Counting.java
opens=$(printf -- '--add-opens=java.base/%s=ALL-UNNAMED ' java.lang java.lang.invoke java.nio java.util sun.nio.ch)
for master in 'local[2]' 'local-cluster[1,2,1024]'; do
  mkdir "$work/${master%%[*}"
  # shellcheck disable=SC2086 # options are words
  SPARK_SCALA_VERSION=2.13 SPARK_HOME=$work/home SPARK_LOCAL_HOSTNAME=localhost java $opens \
    -cp "$(echo home/jars/*.jar | sed "s#home#$work/home#g; s/ /:/g"):$work" Counting "$master" "$work/${master%%[*}" 2>err.log ||
    { tail -n 20 err.log; exit 2; }
  for file in "$work/${master%%[*}"/*plugin*.csv; do
    echo "$master: $(basename "$file" .csv | sed -E 's/^(local|app)-[0-9-]+\./APPLICATION./')"
  done
done | tee seen
cat > expected <<'E2'
local[2]: APPLICATION.driver.plugin.Counting.ofDriver
local[2]: plugin.Counting.ofExecutor
local-cluster[1,2,1024]: APPLICATION.0.plugin.Counting.ofExecutor
local-cluster[1,2,1024]: APPLICATION.driver.plugin.Counting.ofDriver
E2
if ! diff expected seen; then echo "CHANGED: see above"; exit 1; fi
echo "as found: a local executor's metrics have no application"
