package io.nightshift.jobs.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Spark for tests: within this process, or with two executor processes of one core each. */
public final class SparkCluster {
    /** The master of two executor processes of one core and 1 GiB each. */
    public static final String TWO_EXECUTORS = "local-cluster[2,1,1024]";

    private SparkCluster() {}

    /** Spark within this process. */
    public static JavaSparkContext local(int cores, Map<String, String> hadoop) {
        return new JavaSparkContext(conf("local[" + cores + "]", hadoop));
    }

    /** Spark within this process, with a master such as {@code local[2,4]}: two cores and four attempts at a task. */
    public static JavaSparkContext local(String master) {
        return new JavaSparkContext(conf(master, Map.of()));
    }

    /** Two executor processes with 1 GiB each, which have this process's class path. */
    public static JavaSparkContext twoExecutors(Map<String, String> hadoop) throws IOException {
        SparkConf conf = conf(TWO_EXECUTORS, hadoop);
        executorOptions().forEach(conf::set);
        return withTwoExecutors(conf);
    }

    /** An executor process with some cores and 1 GiB, which has this process's class path. */
    public static JavaSparkContext oneExecutor(int cores) throws IOException {
        return oneExecutor(cores, Map.of());
    }

    /** The same, with other properties by their whole names. */
    public static JavaSparkContext oneExecutor(int cores, Map<String, String> properties) throws IOException {
        SparkConf conf = conf("local-cluster[1," + cores + ",1024]", Map.of());
        executorOptions().forEach(conf::set);
        properties.forEach(conf::set);
        JavaSparkContext spark = new JavaSparkContext(conf);
        while (spark.sc().getExecutorMemoryStatus().size() < 2) {
            pause();
        }
        return spark;
    }

    private static JavaSparkContext withTwoExecutors(SparkConf conf) {
        JavaSparkContext spark = new JavaSparkContext(conf);
        while (spark.sc().getExecutorMemoryStatus().size() < 3) {
            pause();
        }
        return spark;
    }

    /** A driver of a standalone cluster of two workers, with other properties by their whole names. */
    public static JavaSparkContext of(StandaloneCluster cluster, Map<String, String> properties) throws IOException {
        SparkConf conf = conf(cluster.master(), Map.of());
        cluster.properties().forEach(conf::set);
        properties.forEach(conf::set);
        return withTwoExecutors(conf);
    }

    /** What executor processes need to have this process's class path. */
    public static Map<String, String> executorOptions() throws IOException {
        // Spark looks for its jars there when it starts executors, and takes the class path below.
        Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
        return Map.of(
                "spark.executor.extraClassPath", classPath,
                "spark.executor.memory", "1g",
                "spark.executor.extraJavaOptions",
                "--add-modules=jdk.incubator.vector " + String.join(" ", ChildJvm.OPTIONS));
    }

    /** Kills one of the executor processes as soon as a task has ended. */
    public static Casualties killAnExecutorAfterTheFirstTask(JavaSparkContext spark) {
        Casualties casualties = new Casualties();
        spark.sc().addSparkListener(casualties);
        return casualties;
    }

    /** Counts executors that died. */
    public static final class Casualties extends SparkListener {
        private final AtomicInteger killed = new AtomicInteger();
        private final AtomicInteger removed = new AtomicInteger();

        /** Executors that Spark lost. */
        public int lost() {
            return removed.get();
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
            if (killed.getAndIncrement() == 0) {
                ProcessHandle.current().descendants()
                        .filter(process -> process.info().command().orElse("").endsWith("java"))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("no executor process to kill"))
                        .destroyForcibly();
            }
        }

        @Override
        public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
            removed.incrementAndGet();
        }
    }

    private static SparkConf conf(String master, Map<String, String> hadoop) {
        SparkConf conf = new SparkConf()
                .setMaster(master)
                .setAppName("test")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1");
        hadoop.forEach((key, value) -> conf.set("spark.hadoop." + key, value));
        return conf;
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
