package io.nightshift.jobs.tasks;

import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.LongAccumulator;
import scala.Function2;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.runtime.BoxedUnit;

import scala.reflect.ClassTag$;

/**
 * One Spark job whose tasks may refuse their input. A task a partition; results come to the driver as they are made.
 *
 * <p>Input that cannot be used ({@link InvalidModelException}) is an answer rather than a failure: trying again would not
 * help. The task ends as if it had succeeded, the driver hears of it before anything else comes of the task, and cancels the
 * job, in whatever stage it is. So it is tried once, and the caller gets the message as it is. All else is Spark's to try
 * again.
 *
 * <p>A job with one stage is {@link #run} alone. In a job with a shuffle, the steps before it are made with {@link #refusing},
 * of the same TaskRun:
 *
 * <pre>{@code
 * TaskRun job = new TaskRun(spark, "rounding");
 * JavaRDD<Rounded> rounded = blocks.flatMap(job.refusing(block -> List.of(round(block)).iterator()));
 * List<PartReceipt> receipts = job.run(gathered(rounded), (part, given, attempt) -> write(part, given, attempt),
 *         (part, receipt) -> progress.advanced(receipt));
 * }</pre>
 *
 * <p>A TaskRun is for one job. Its Spark job group is its own: cancelling it cancels no other.
 */
public final class TaskRun {
    private static final String GROUP = "spark.jobGroup.id";
    private static final String DESCRIPTION = "spark.job.description";
    private static final String INTERRUPT = "spark.job.interruptOnCancel";
    private static final String SPECULATION = "spark.speculation";

    /** How long a failed job waits for its other tasks. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

    /** How long a job that succeeded waits for the slower copies of its tasks: its results are there. */
    private static final Duration AFTER_SUCCESS = Duration.ofSeconds(5);

    private final JavaSparkContext spark;
    private final String description;
    private final Optional<StageMemory> memory;
    private final String group = "nightshift-" + UUID.randomUUID();
    private final Refusals refusals;
    private final LongAccumulator nanos;

    /**
     * The body of a task.
     *
     * @param <A> elements of the partition
     * @param <B> the result
     */
    public interface Body<A, B> extends Serializable {
        /**
         * Runs it.
         *
         * @param partition its index
         * @param elements the partition's elements
         * @param attempt unlike that of any other attempt at this partition ({@link TaskAttempt})
         * @throws InvalidModelException if the input cannot be used: the job ends
         * @throws IOException if it failed: Spark tries again
         */
        B run(int partition, Iterator<A> elements, int attempt) throws IOException;
    }

    /**
     * Hears of results, one at a time, in the order in which they come; on the driver.
     *
     * @param <B> the result
     */
    public interface Listener<B> {
        /** The result of a partition. */
        void result(int partition, B result);
    }

    /**
     * A job that has not begun.
     *
     * @param description shown in Spark's user interface, within its {@link JobScope}
     */
    public TaskRun(JavaSparkContext spark, String description) {
        this(spark, description, Optional.empty());
    }

    /**
     * A job whose tasks need much memory.
     *
     * @param memory of the task of any element ({@link #each})
     */
    public TaskRun(JavaSparkContext spark, String description, StageMemory memory) {
        this(spark, description, Optional.of(memory));
    }

    private TaskRun(JavaSparkContext spark, String description, Optional<StageMemory> memory) {
        this.spark = spark;
        this.description = description;
        this.memory = memory;
        refusals = new Refusals(() -> spark.sc().cancelJobGroup(group));
        spark.sc().register(refusals);
        nanos = spark.sc().longAccumulator();
    }

    /** Adds what a task has taken since a time, of all of its cores. */
    private static void count(LongAccumulator nanos, long since) {
        TaskContext task = TaskContext.get();
        nanos.add((System.nanoTime() - since) * (task == null ? 1 : task.cpus()));
    }

    /**
     * A step before a shuffle of this job, whose input may be refused: then it gives nothing more.
     *
     * @param step refuses when it is called, not later when its iterator is drawn
     */
    public <A, B> FlatMapFunction<A, B> refusing(FlatMapFunction<A, B> step) {
        return new Refusing<>(step, refusals, nanos);
    }

    private record Refusing<A, B>(FlatMapFunction<A, B> step, Refusals refusals, LongAccumulator nanos)
            implements FlatMapFunction<A, B> {
        @Override
        public Iterator<B> call(A element) throws Exception {
            if (!refusals.isZero()) {
                // An element of this task was refused before.
                return List.<B>of().iterator();
            }
            long start = System.nanoTime();
            try {
                return step.call(element);
            } catch (InvalidModelException e) {
                refusals.add(e.getMessage());
                return List.<B>of().iterator();
            } finally {
                count(nanos, start);
            }
        }
    }

    /** What Spark runs. */
    private record Task<A, B>(Body<A, B> body, Refusals refusals, LongAccumulator nanos)
            implements Function2<TaskContext, scala.collection.Iterator<A>, Object[]>, Serializable {
        @Override
        public Object[] apply(TaskContext context, scala.collection.Iterator<A> elements) {
            long start = System.nanoTime();
            try {
                B result = body.run(
                        context.partitionId(), CollectionConverters.asJava(elements), TaskAttempt.number(context));
                return refusals.isZero() ? new Object[] {result} : new Object[0];
            } catch (InvalidModelException e) {
                refusals.add(e.getMessage());
                return new Object[0];
            } catch (IOException e) {
                throw new UncheckedIOException(e.getMessage(), e);
            } finally {
                count(nanos, start);
            }
        }
    }

    /**
     * Runs the job and waits for it, and for what still runs of it: up to 30 s where it fails, up to 5 s under speculation.
     *
     * @return the results, in the order of the partitions
     * @throws InvalidModelException if a task refused its input
     * @throws IOException if a task failed again and again
     */
    public <A, B> List<B> run(JavaRDD<A> partitions, Body<A, B> body, Listener<B> listener) throws IOException {
        int count = partitions.getNumPartitions();
        Object[] results = new Object[count];
        Function2<Object, Object[], BoxedUnit> collector = (index, result) -> {
            if (result.length == 1) {
                int partition = (Integer) index;
                results[partition] = result[0];
                @SuppressWarnings("unchecked")
                B given = (B) result[0];
                listener.result(partition, given);
            }
            return BoxedUnit.UNIT;
        };
        List<Object> indices = IntStream.range(0, count).mapToObj(index -> (Object) index).toList();
        ClassTag<Object[]> tag = ClassTag$.MODULE$.apply(Object[].class);
        String groupBefore = spark.getLocalProperty(GROUP);
        String descriptionBefore = spark.getLocalProperty(DESCRIPTION);
        String interruptBefore = spark.getLocalProperty(INTERRUPT);
        spark.setJobGroup(group, JobScope.described(spark, description), true);
        RunningTasks running = new RunningTasks(spark.sc(), GROUP, group);
        try {
            spark.sc().runJob(partitions.rdd(), new Task<>(body, refusals, nanos),
                    CollectionConverters.asScala(indices).toSeq(), collector, tag);
            if (spark.getConf().getBoolean(SPECULATION, false)) {
                running.awaitEnd(AFTER_SUCCESS);
            }
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            running.awaitEnd(AFTER_FAILURE);
            if (refusals.isZero()) {
                throw TaskFailures.explain(e);
            }
        } finally {
            running.close();
            CoreTime.add(nanos.value());
            nanos.reset();
            spark.setLocalProperty(GROUP, groupBefore);
            spark.setLocalProperty(DESCRIPTION, descriptionBefore);
            spark.setLocalProperty(INTERRUPT, interruptBefore);
        }
        if (!refusals.isZero()) {
            throw new InvalidModelException(refusals.value());
        }
        @SuppressWarnings("unchecked")
        List<B> inOrder = (List<B>) Arrays.asList(results);
        return inOrder;
    }

    /** Runs a job of which nobody hears before its end. */
    public <A, B> List<B> run(JavaRDD<A> partitions, Body<A, B> body) throws IOException {
        return run(partitions, body, (partition, result) -> { });
    }

    /**
     * Runs a job of independent elements, one task each.
     *
     * @return the results, in the order of the elements
     * @throws InvalidModelException if a task refused its input
     * @throws IOException if a task failed again and again
     */
    public <A, B> List<B> each(List<A> elements, ElementBody<A, B> body) throws IOException {
        if (elements.isEmpty()) {
            return List.of();
        }
        JavaRDD<A> tasks = spark.parallelize(elements, elements.size());
        return run(memory.isPresent() ? memory.get().resources(spark).askedFor(tasks) : tasks,
                (partition, given, attempt) -> body.run(given.next()));
    }

    /**
     * The body of a task with one element.
     *
     * @param <A> the element
     * @param <B> the result
     */
    public interface ElementBody<A, B> extends Serializable {
        /**
         * Runs it.
         *
         * @throws InvalidModelException if the input cannot be used: the job ends
         * @throws IOException if it failed: Spark tries again
         */
        B run(A element) throws IOException;
    }
}
