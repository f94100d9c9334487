package io.nightshift.jobs.tasks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What a process keeps for its tasks, run by run: each run has a value of its own, with limits of its own, so that runs side
 * by side can neither evict nor serve each other. To be kept in a static field.
 *
 * <p>Memory: that of a value for each run at work. {@link #end} drops a run's values in the driver's process and in the
 * executors that it reaches; what an executor still holds of a run that gave it no task for {@link #IDLE} is dropped when
 * another run asks for its own. A run that was only slow makes a new value then.
 *
 * @param <T> what is kept for a run: it starts empty, is shared by threads, and can be made again at any time
 */
public final class RunCache<T> {
    /** After this long without a task in a process, a run is taken for ended there. */
    static final Duration IDLE = Duration.ofMinutes(30);

    private static final int TASKS_PER_CORE = 2;
    private static final List<RunCache<?>> OF_THIS_PROCESS = new CopyOnWriteArrayList<>();

    private final Map<RunId, Kept<T>> ofRuns = new HashMap<>();
    private final Supplier<T> empty;
    private final LongSupplier nanoTime;

    private static final class Kept<T> {
        private final T value;
        private long lastUse;

        Kept(T value) {
            this.value = value;
        }
    }

    /**
     * A cache of this process.
     *
     * @param empty makes the value that a run starts with; it must not ask this cache
     */
    public RunCache(Supplier<T> empty) {
        this(empty, System::nanoTime);
    }

    RunCache(Supplier<T> empty, LongSupplier nanoTime) {
        this.empty = empty;
        this.nanoTime = nanoTime;
        OF_THIS_PROCESS.add(this);
    }

    /** The value of a run. */
    public T of(RunId run) {
        synchronized (ofRuns) {
            long now = nanoTime.getAsLong();
            ofRuns.entrySet().removeIf(entry ->
                    !entry.getKey().equals(run) && now - entry.getValue().lastUse > IDLE.toNanos());
            Kept<T> kept = ofRuns.computeIfAbsent(run, key -> new Kept<>(empty.get()));
            kept.lastUse = now;
            return kept.value;
        }
    }

    /** Runs that something is kept for. */
    int runs() {
        synchronized (ofRuns) {
            return ofRuns.size();
        }
    }

    private void drop(RunId run) {
        synchronized (ofRuns) {
            ofRuns.remove(run);
        }
    }

    /** Drops what all caches of this process keep for a run. */
    static void dropHere(RunId run) {
        OF_THIS_PROCESS.forEach(cache -> cache.drop(run));
    }

    /**
     * Drops what is kept for a run that ended: here, and with a short Spark job in executors of their own. It fails nothing:
     * an executor that is not reached drops it later by itself.
     */
    public static void end(RunId run, JavaSparkContext spark) {
        dropHere(run);
        if (spark.sc().isLocal() || spark.sc().isStopped()) {
            return;
        }
        int tasks = Math.max(2, spark.defaultParallelism()) * TASKS_PER_CORE;
        List<Integer> numbers = new ArrayList<>(IntStream.range(0, tasks).boxed().toList());
        try (JobScope scope = JobScope.of(spark, "dropping what executors keep for a run")) {
            spark.parallelize(numbers, tasks).foreach(number -> dropHere(run));
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            // The run has its result, or its own failure; the executors are rid of it after a while.
        }
    }
}
