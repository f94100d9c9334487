package io.nightshift.jobs.tasks;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The tasks of a job that run at the moment. Spark tells of a job's end while some of its tasks still run: all others where
 * one failed, and the slower copies under speculation. What they write would be left behind by a run that cleans up at once.
 */
final class RunningTasks extends SparkListener implements AutoCloseable {
    private static final long LOOK_AGAIN = 500;

    private final SparkContext spark;
    private final String groupKey;
    private final String group;
    private final Set<Integer> stages = new HashSet<>();
    private int running;

    /** Listens from now on. */
    RunningTasks(SparkContext spark, String groupKey, String group) {
        this.spark = spark;
        this.groupKey = groupKey;
        this.group = group;
        spark.addSparkListener(this);
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart job) {
        if (job.properties() != null && group.equals(job.properties().getProperty(groupKey))) {
            CollectionConverters.asJava(job.stageInfos()).forEach(stage -> stages.add(stage.stageId()));
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart task) {
        if (stages.contains(task.stageId())) {
            running++;
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
        if (stages.contains(task.stageId())) {
            running--;
            notifyAll();
        }
    }

    /**
     * Waits until none is left of those that have begun. An interrupted wait ends, and stays interrupted.
     *
     * @param patience a task that does not heed its cancellation for longer is left to itself
     */
    void awaitEnd(Duration patience) {
        if (spark.isStopped()) {
            return;
        }
        long end = System.nanoTime() + patience.toNanos();
        try {
            spark.listenerBus().waitUntilEmpty(patience.toMillis());
            synchronized (this) {
                // A context that has been stopped tells of no more ends.
                for (long left; running > 0 && !spark.isStopped() && (left = (end - System.nanoTime()) / 1_000_000) > 0; ) {
                    wait(Math.min(left, LOOK_AGAIN));
                }
            }
        } catch (TimeoutException e) {
            // Spark is too busy to say: how the job ended is told all the same.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        spark.removeSparkListener(this);
    }
}
