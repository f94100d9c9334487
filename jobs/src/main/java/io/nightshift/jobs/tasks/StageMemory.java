package io.nightshift.jobs.tasks;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.WeakHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * What the tasks of a stage need of an executor's heap, outside of Spark's accounts. Spark shares out cores and knows nothing
 * of it: a stage whose tasks would not fit side by side asks for several cores a task, which the task uses, so that fewer run
 * at once ({@code ResourceProfile}; masters other than standalone, YARN and Kubernetes have none).
 *
 * @param shared bytes that the tasks of an executor share
 * @param task bytes of each task besides
 */
public record StageMemory(long shared, long task) {
    /** What Spark itself takes of the heap, beside its share. */
    private static final long OF_SPARK = 100L << 20;

    private static final String DEFAULT_HEAP = "1g";
    private static final double DEFAULT_SHARE = 0.6;

    /** All RDDs of a stage have to have the very same profile. */
    private static final Map<SparkContext, Map<Integer, ResourceProfile>> PROFILES = new WeakHashMap<>();

    /**
     * Cores of a task with which as many run at once as fit.
     *
     * @param heap of an executor, in bytes
     * @param share of it that Spark has for what it persists and shuffles, 0 to 1
     * @param cores of an executor
     * @return 1 to {@code cores}; that even where a single task does not fit
     */
    int cores(long heap, double share, int cores) {
        double left = (1 - share) * heap - OF_SPARK - shared;
        int atOnce = (int) Math.max(1, Math.min(cores, left / task));
        return (cores + atOnce - 1) / atOnce;
    }

    /** What is enough for stages of either. */
    public StageMemory or(StageMemory other) {
        return new StageMemory(Math.max(shared, other.shared), Math.max(task, other.task));
    }

    /** What stages have to ask Spark for. */
    public StageResources resources(JavaSparkContext spark) {
        SparkConf conf = spark.getConf();
        OptionalInt cores = coresOfAnExecutor(spark);
        if (cores.isEmpty()) {
            return StageResources.USUAL;
        }
        int asked = cores(conf.getSizeAsBytes("spark.executor.memory", DEFAULT_HEAP),
                conf.getDouble("spark.memory.fraction", DEFAULT_SHARE), cores.getAsInt());
        return asked > conf.getInt("spark.task.cpus", 1)
                ? new StageResources(Optional.of(profile(spark.sc(), asked)))
                : StageResources.USUAL;
    }

    private static ResourceProfile profile(SparkContext spark, int cores) {
        synchronized (PROFILES) {
            return PROFILES.computeIfAbsent(spark, context -> new HashMap<>())
                    .computeIfAbsent(cores, count -> new ResourceProfileBuilder()
                            .require(new TaskResourceRequests().cpus(count))
                            .build());
        }
    }

    /** Empty where there are none, or they have no profiles. */
    private static OptionalInt coresOfAnExecutor(JavaSparkContext spark) {
        SparkConf conf = spark.getConf();
        String master = conf.get("spark.master", "");
        boolean standalone = master.startsWith("spark://") || master.startsWith("local-cluster");
        if (!standalone && !master.equals("yarn") && !master.startsWith("k8s://")) {
            return OptionalInt.empty();
        }
        if (conf.contains("spark.executor.cores") || !standalone) {
            return OptionalInt.of(conf.getInt("spark.executor.cores", 1));
        }
        // A standalone executor has all cores of its worker, which only the executors that are there tell.
        int executors = spark.sc().getExecutorMemoryStatus().size() - 1;
        return executors < 1 ? OptionalInt.empty() : OptionalInt.of(Math.max(1, spark.defaultParallelism() / executors));
    }
}
