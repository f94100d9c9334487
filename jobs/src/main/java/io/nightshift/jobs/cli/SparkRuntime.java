package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;

/** Spark as spark-submit, the launcher or {@code --master} asked for it. */
final class SparkRuntime {
    private static final String MASTER = "spark.master";

    /** What holds unless the user says otherwise, where Spark runs within this process. */
    private static final Map<String, String> LOCAL_DEFAULTS = Map.of(
            "spark.ui.enabled", "false",
            "spark.ui.showConsoleProgress", "false");

    private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d{1,9})(?:,.*)?])?");

    private final SparkConf conf;

    /** @param master {@code --master}, or null */
    SparkRuntime(String master) {
        conf = new SparkConf();
        if (master != null) {
            if (conf.contains(MASTER) && !conf.get(MASTER).equals(master)) {
                throw new InvalidModelException("--master " + master + ": spark-submit was given " + conf.get(MASTER)
                        + "; say it once");
            }
            conf.set(MASTER, master);
        }
        conf.setIfMissing(MASTER, "local[*]");
        conf.setIfMissing("spark.app.name", "nightshift");
        if (conf.get(MASTER).startsWith("local")) {
            LOCAL_DEFAULTS.forEach(conf::setIfMissing);
        }
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

    /** Starts Spark. */
    JavaSparkContext start() {
        return new JavaSparkContext(conf);
    }
}
