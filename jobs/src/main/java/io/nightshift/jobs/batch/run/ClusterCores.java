package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.tasks.JobScope;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** The cores of a cluster. Its executors come one after another, so that the number means nothing before they are there. */
final class ClusterCores {
    private static final int LOOK_MILLIS = 500;
    private static final int LOOKS_ALIKE = 6;

    private ClusterCores() {}

    /**
     * Waits for a first executor, then until for three seconds no other came.
     *
     * @throws IOException if the wait is interrupted
     */
    static int of(JavaSparkContext spark) throws IOException {
        if (!spark.isLocal()) {
            try (JobScope scope = JobScope.of(spark, "waiting for executors")) {
                spark.parallelize(List.of(0), 1).count();
            }
            awaitAll(spark);
        }
        return spark.defaultParallelism();
    }

    private static void awaitAll(JavaSparkContext spark) throws IOException {
        try {
            for (int alike = 0, before = 0; alike < LOOKS_ALIKE; ) {
                Thread.sleep(LOOK_MILLIS);
                int executors = spark.sc().getExecutorMemoryStatus().size();
                alike = executors == before ? alike + 1 : 0;
                before = executors;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }
}
