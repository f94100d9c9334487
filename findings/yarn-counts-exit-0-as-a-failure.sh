#!/usr/bin/env bash
# How YARN counts a Spark application whose main class ends with System.exit(0), in cluster mode.
#
# Guess: as SUCCEEDED: 0 is success, and it is for the same main class and line of spark-submit in client mode.
# Seen (Spark 4.2.0 on Hadoop 3.5.0's MiniYARNCluster): as FAILED, after all of its jobs succeeded; spark-submit ends with 1, so
#   a scheduler tries again. The main class runs in the application master's process, which takes any exit for an early end
#   ("Shutdown hook called before final status was reported"). A main class that returns is SUCCEEDED.
set -euo pipefail
work=$(mktemp -d)
cluster=
trap 'kill $cluster 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for tool in javac jar mvn; do command -v $tool >/dev/null || { echo "needs $tool"; exit 2; }; done

copy() { # FOLDER DEPENDENCIES: group:artifact:version each
  local folder=$1 dependency
  shift
  mkdir -p "$folder"
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>f</groupId><artifactId>f</artifactId><version>1</version><dependencies>'
    for dependency in "$@"; do
      IFS=: read -r group artifact version <<<"$dependency"
      echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$folder/pom.xml"
  (cd "$folder" && mvn -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory=lib >mvn.log 2>&1) ||
    { tail -n 5 "$folder/mvn.log"; echo "the packages could not be installed"; exit 2; }
}
hadoop=org.apache.hadoop:hadoop-client
copy yarn $hadoop-api:3.5.0 $hadoop-runtime:3.5.0 $hadoop-minicluster:3.5.0 junit:junit:4.13.2 \
  org.junit.jupiter:junit-jupiter-api:5.11.0 org.mockito:mockito-core:4.11.0 ch.qos.reload4j:reload4j:1.2.25 \
  org.bouncycastle:bcprov-jdk18on:1.78.1 org.bouncycastle:bcpkix-jdk18on:1.78.1 org.slf4j:slf4j-nop:1.7.36
copy spark org.apache.spark:spark-yarn_2.13:4.2.0

mkdir cluster app conf
cat > cluster/Cluster.java <<'JAVA'
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

public class Cluster {
    public static void main(String[] args) throws Exception {
        YarnConfiguration settings = new YarnConfiguration();
        settings.set("yarn.scheduler.capacity.root.queues", "default");
        settings.set("yarn.scheduler.capacity.root.default.capacity", "100");
        settings.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1.0");
        settings.setInt("yarn.scheduler.minimum-allocation-mb", 256);
        settings.setBoolean("yarn.nodemanager.vmem-check-enabled", false);
        settings.setFloat("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", 99.9f);
        MiniYARNCluster cluster = new MiniYARNCluster("finding", 1, 1, 1);
        cluster.init(settings);
        cluster.start();
        Configuration made = new Configuration(cluster.getConfig());
        made.set("yarn.application.classpath", "");
        try (OutputStream out = Files.newOutputStream(Path.of("conf/part"))) {
            made.writeXml(out);
        }
        Files.move(Path.of("conf/part"), Path.of("conf/yarn-site.xml"));
        Thread.sleep(900_000);
    }
}
JAVA
cat > app/App.java <<'JAVA'
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

public class App {
    public static void main(String[] args) {
        try (JavaSparkContext spark = new JavaSparkContext(new SparkConf())) {
            if (spark.parallelize(List.of(1, 2, 3)).reduce(Integer::sum) != 6) {
                throw new IllegalStateException();
            }
        }
        if (args[0].equals("exit")) {
            System.exit(0);
        }
    }
}
JAVA
javac -cp "yarn/lib/*" -d cluster cluster/Cluster.java
javac -cp "spark/lib/*" -d app app/App.java
jar cf app.jar -C app App.class
echo '<configuration><property><name>fs.defaultFS</name><value>file:///</value></property></configuration>' >conf/core-site.xml
java --add-opens=java.base/java.lang=ALL-UNNAMED -cp "yarn/lib/*:cluster" Cluster >cluster.log 2>&1 &
cluster=$!
for _ in $(seq 60); do [ -f conf/yarn-site.xml ] && break; sleep 1; done
[ -f conf/yarn-site.xml ] || { tail -n 5 cluster.log; echo "YARN did not start here"; exit 2; }

# What spark-submit runs.
submit() { # exit|return: says how spark-submit ends
  local code=0 failed=
  HADOOP_CONF_DIR=$work/conf java --add-opens=java.base/java.lang=ALL-UNNAMED -Duser.home="$work" -cp "conf:spark/lib/*" \
    org.apache.spark.deploy.SparkSubmit --master yarn --deploy-mode cluster --class App \
    --driver-memory 600m --executor-memory 600m --num-executors 1 --conf spark.yarn.jars="local:$work/spark/lib/*" \
    --conf spark.yarn.maxAppAttempts=1 --conf spark.yarn.stagingDir="file://$work/staging" app.jar "$1" >"$1.log" 2>&1 || code=$?
  if grep -q 'finished with failed status' "$1.log"; then failed=", the application failed"; fi
  echo "spark-submit ends with $code$failed"
}
returned=$(submit return)
exited=$(submit exit)
echo "Spark 4.2.0, Hadoop 3.5.0: main returns: $returned; main calls System.exit(0): $exited"
if [ "$returned" = "spark-submit ends with 0" ] && [ "$exited" = "spark-submit ends with 1, the application failed" ]; then
  echo PASS
else
  echo "FAIL: this has changed"
  exit 1
fi
