package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.metrics.MetricsPlugin;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;

/** Spark as spark-submit, the launcher or {@code --master} asked for it. */
final class SparkRuntime {
    private static final String MASTER = "spark.master";
    private static final String PLUGINS = "spark.plugins";
    private static final Pattern KNOWN_MASTER = Pattern.compile(
            "local(\\[(\\*|[1-9]\\d*)(,\\s*[1-9]\\d*)?])?|local-cluster\\[.+]|spark://.+|yarn|k8s://.+");
    private static final String STANDALONE = "spark://";
    private static final Pattern HOST_AND_PORT = Pattern.compile("(.+):(\\d{1,5})");
    private static final int MASTER_TIME_LIMIT_MILLIS = 5000;

    /** UnifiedMemoryManager.RESERVED_SYSTEM_MEMORY_BYTES, one and a half times: Spark starts with no less. */
    private static final long LEAST_HEAP = 450L << 20;

    /** What holds unless the user says otherwise, where Spark runs within this process. */
    private static final Map<String, String> LOCAL_DEFAULTS = Map.of(
            "spark.ui.enabled", "false",
            "spark.ui.showConsoleProgress", "false",
            // What is shuffled are sums of floats, which nothing makes smaller.
            "spark.shuffle.compress", "false");

    private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d{1,9})(?:,.*)?])?");

    private final SparkConf conf;

    /** @param master {@code --master}, or null */
    SparkRuntime(String master) {
        conf = new SparkConf();
        if (master != null) {
            if (!KNOWN_MASTER.matcher(master).matches()) {
                throw new InvalidModelException("--master " + master
                        + ": is no Spark master; give local[N], local[*], spark://HOST:PORT, yarn or k8s://URL");
            }
            if (conf.contains(MASTER) && !conf.get(MASTER).equals(master)) {
                throw new InvalidModelException("--master " + master + ": spark-submit was given " + conf.get(MASTER)
                        + "; say it once");
            }
            conf.set(MASTER, master);
        }
        conf.setIfMissing(MASTER, "local[*]");
        conf.setIfMissing("spark.app.name", "nightshift");
        conf.set(PLUGINS, conf.contains(PLUGINS) ? conf.get(PLUGINS) + "," + MetricsPlugin.class.getName()
                : MetricsPlugin.class.getName());
        if (isLocal()) {
            LOCAL_DEFAULTS.forEach(conf::setIfMissing);
            logInWithoutAName();
        }
    }

    /** Lets jobs of different threads share the cores, each thread in the pool that it names. */
    SparkRuntime fair() {
        conf.setIfMissing("spark.scheduler.mode", "FAIR");
        return this;
    }

    private boolean isLocal() {
        return conf.get(MASTER).startsWith("local");
    }

    /** Containers often run under a user id that has no name, and Hadoop wants one, for nothing where all is local. */
    private static void logInWithoutAName() {
        if (UserGroupInformation.isSecurityEnabled()) {
            return;
        }
        try {
            UserGroupInformation.getLoginUser();
        } catch (IOException e) {
            UserGroupInformation.setLoginUser(UserGroupInformation.createRemoteUser("nightshift"));
        }
    }

    /**
     * How Hadoop reaches what a command only reads. What is local is read without, and to gather Spark's and Hadoop's settings
     * takes as long as all the rest.
     *
     * @throws StorageException if it is no location
     */
    static HadoopSettings toRead(String location) throws StorageException {
        return StorageLocation.parse(location).isLocal()
                ? new HadoopSettings(Map.of())
                : new SparkRuntime(null).hadoop();
    }

    /** How Hadoop reaches its stores; needs no Spark context. */
    HadoopSettings hadoop() {
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(conf);
        return HadoopSettings.of(hadoop);
    }

    /** Cores that tasks can run on at once, as far as the configuration tells. */
    int cores() {
        Matcher local = LOCAL.matcher(conf.get(MASTER));
        if (local.matches()) {
            String threads = local.group(1);
            return threads == null ? 1
                    : threads.equals("*") ? Runtime.getRuntime().availableProcessors()
                    : Integer.parseInt(threads);
        }
        int parallelism = conf.getInt("spark.default.parallelism", 0);
        return parallelism > 0
                ? parallelism
                : conf.getInt("spark.executor.instances", 1) * conf.getInt("spark.executor.cores", 1);
    }

    /**
     * Starts Spark for a command on one model.
     *
     * @param model its location; descriptions of jobs begin with its name
     * @throws InvalidModelException if the master does not answer, or the heap is too small for Spark
     * @throws IOException if Spark does not start
     */
    JavaSparkContext start(String model) throws IOException {
        JavaSparkContext context = start();
        context.setJobDescription(StorageLocation.parse(model).name());
        return context;
    }

    /**
     * Starts Spark.
     *
     * @throws InvalidModelException if the master does not answer, or the heap is too small for Spark
     * @throws IOException if Spark does not start
     */
    JavaSparkContext start() throws IOException {
        long heap = Runtime.getRuntime().maxMemory();
        if (heap < LEAST_HEAP) {
            throw new InvalidModelException("a heap of " + (heap >> 20) + " MiB is too small for Spark; give at least 512m"
                    + " (NIGHTSHIFT_MEMORY, or spark-submit's --driver-memory)");
        }
        String master = conf.get(MASTER);
        if (master.startsWith(STANDALONE)) {
            requireAnswer(master);
        }
        Interruption.ofProcess().sparkStarts();
        try {
            return new JavaSparkContext(conf);
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            String message = String.valueOf(e.getMessage());
            if (message.contains("Could not parse Master URL")) {
                throw new InvalidModelException("--master " + master + ": there is no client for it on this class path;"
                        + " use the spark-submit of a Spark distribution (see README.md)", e);
            }
            throw new IOException("Spark did not start with the master " + master + ": " + message, e);
        }
    }

    /** Spark itself tries for a minute and then fails with something else. */
    private static void requireAnswer(String master) {
        String reason = "";
        for (String address : master.substring(STANDALONE.length()).split(",")) {
            var parts = HOST_AND_PORT.matcher(address);
            if (!parts.matches() || Integer.parseInt(parts.group(2)) > 0xffff) {
                throw new InvalidModelException("--master " + master + ": is no Spark master; write spark://HOST:PORT");
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2))),
                        MASTER_TIME_LIMIT_MILLIS);
                return;
            } catch (UnknownHostException e) {
                reason = "the host " + parts.group(1) + " is unknown";
            } catch (IOException e) {
                reason = String.valueOf(e.getMessage());
            }
        }
        throw new InvalidModelException("--master " + master + ": no Spark master answers there (" + reason
                + "); start it, or correct the URL");
    }
}
