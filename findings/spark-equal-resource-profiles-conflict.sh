#!/usr/bin/env bash
# Whether two steps of one Spark stage may ask for the same resources, each with a ResourceProfile of its own.
#
# Guess: yes. The profiles ask for the same, so there is nothing to reconcile.
# Seen (Spark 4.2.0, stage-level scheduling on local-cluster): no. Profiles are told apart by a number that each new one draws,
#   whatever they ask for: the job fails with "Multiple ResourceProfiles specified in the RDDs for this stage". With one object
#   for both steps it runs. So an iterative job, whose stages reach back to steps of earlier rounds, has to keep its profile.
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
cat > Profiles.java <<'JAVA'
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

public class Profiles {
    static ResourceProfile twoCores() {
        return new ResourceProfileBuilder().require(new TaskResourceRequests().cpus(2)).build();
    }

    static String run(JavaRDD<Integer> numbers, ResourceProfile first, ResourceProfile second) {
        try {
            return "sum " + numbers.map(n -> n + 1).withResources(first).map(n -> 2 * n).withResources(second)
                    .reduce(Integer::sum);
        } catch (Exception e) {
            return e.getMessage().split(",")[0];
        }
    }

    public static void main(String[] args) {
        SparkConf conf = new SparkConf().setMaster("local-cluster[1,2,1024]").setAppName("finding")
                .set("spark.ui.enabled", "false").set("spark.driver.host", "127.0.0.1")
                .set("spark.executor.memory", "1g").set("spark.executor.extraClassPath", System.getProperty("java.class.path"));
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            JavaRDD<Integer> numbers = spark.parallelize(List.of(1, 2, 3), 3);
            ResourceProfile one = twoCores();
            ResourceProfile other = twoCores();
            System.out.println("ask for the same: " + one.taskResources().equals(other.taskResources()));
            System.out.println("one object: " + run(numbers, one, one));
            System.out.println("two objects: " + run(numbers, one, other));
        }
    }
}
JAVA
javac -cp "home/jars/*" Profiles.java
opens=$(printf -- '--add-opens=java.base/%s=ALL-UNNAMED ' java.lang java.lang.invoke java.nio java.util sun.nio.ch)
# shellcheck disable=SC2086 # options are words
SPARK_SCALA_VERSION=2.13 SPARK_HOME=$work/home SPARK_LOCAL_HOSTNAME=localhost java $opens -cp "$(echo home/jars/*.jar | sed "s#home#$work/home#g; s/ /:/g"):$work" \
  Profiles 2>err.log | tee seen
cat > expected <<'E2'
ask for the same: true
one object: sum 18
two objects: Multiple ResourceProfiles specified in the RDDs for this stage
E2
if ! diff expected seen; then tail -n 20 err.log; echo "CHANGED: see above"; exit 1; fi
echo "as found: profiles that ask for the same are not the same"
