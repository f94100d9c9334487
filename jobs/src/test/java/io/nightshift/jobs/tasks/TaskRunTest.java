package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

class TaskRunTest {
    private static final AtomicInteger CALLS = new AtomicInteger();
    private static CountDownLatch bothRun;

    private static JavaSparkContext spark;

    /** Four attempts at a task, as on a cluster. */
    @BeforeAll
    static void startSpark() {
        spark = SparkCluster.local("local[2,4]");
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    @BeforeEach
    void forget() {
        CALLS.set(0);
        bothRun = new CountDownLatch(2);
    }

    @Test
    void givesResultsInTheOrderOfPartitionsAndTellsOfEachOnce() throws IOException {
        List<Integer> heard = new ArrayList<>();
        List<String> results = new TaskRun(spark, "test").run(
                spark.parallelize(List.of("a", "b", "c"), 3),
                (partition, given, attempt) -> given.next() + partition + attempt,
                (partition, result) -> heard.add(partition));
        assertEquals(List.of("a00", "b10", "c20"), results);
        assertEquals(Set.of(0, 1, 2), Set.copyOf(heard));
        assertEquals(3, heard.size());
        assertEquals(List.of(), new TaskRun(spark, "none").each(List.<String>of(), String::length));
        assertEquals(List.of(1, 2), new TaskRun(spark, "some").each(List.of("a", "bb"), String::length));
    }

    @Test
    void triesAFailedTaskAgainWithAnotherAttemptNumber() throws IOException {
        List<Integer> attempts = new TaskRun(spark, "test").run(spark.parallelize(List.of(1), 1), (part, given, attempt) -> {
            if (CALLS.incrementAndGet() < 3) {
                throw new IOException("not yet");
            }
            return attempt;
        });
        assertEquals(List.of(TaskAttempt.number(0, 2)), attempts);
        IOException failure = assertThrows(IOException.class, () -> new TaskRun(spark, "test").run(
                spark.parallelize(List.of(1), 1), (part, given, attempt) -> {
                    throw new IOException("never");
                }));
        assertEquals("never", failure.getMessage());
    }

    /** The other tasks wait for ever, unless they are cancelled. */
    @Test
    void asksARefusedTaskOnceAndCancelsTheRest() {
        InvalidModelException refused = assertThrows(InvalidModelException.class, () -> new TaskRun(spark, "test").run(
                spark.parallelize(List.of(0, 1, 2, 3), 4), (part, given, attempt) -> {
                    if (part == 1) {
                        CALLS.incrementAndGet();
                        throw new InvalidModelException("blk.0: damaged");
                    }
                    bothRun.countDown();
                    await();
                    return part;
                }));
        assertEquals("blk.0: damaged", refused.getMessage());
        assertEquals(1, CALLS.get());
    }

    /** What it still writes would be left behind by a caller that cleans up. */
    @Test
    void waitsForTasksThatDoNotHeedTheirCancellation() {
        for (Exception failure : List.of(new InvalidModelException("damaged"), new IOException("out of disk"))) {
            CALLS.set(0);
            bothRun = new CountDownLatch(2);
            assertThrows(failure.getClass(), () -> new TaskRun(spark, "test").run(
                    spark.parallelize(List.of(0, 1), 2), (part, given, attempt) -> {
                        bothRun.countDown();
                        awaitThroughInterrupts();
                        if (part == 1) {
                            fail(failure);
                        }
                        long end = System.nanoTime() + 1_500_000_000L;
                        while (System.nanoTime() < end) {
                            Thread.onSpinWait();
                        }
                        CALLS.incrementAndGet();
                        return part;
                    }));
            assertEquals(1, CALLS.get(), failure.toString());
        }
    }

    private static void fail(Exception failure) throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        }
        throw (InvalidModelException) failure;
    }

    @Test
    void endsTheJobWhenAStepBeforeAShuffleRefuses() {
        AtomicInteger calls = CALLS;
        InvalidModelException refused = assertThrows(InvalidModelException.class, () -> {
            TaskRun job = new TaskRun(spark, "test");
            JavaPairRDD<Integer, Integer> gathered = spark.parallelize(List.of(1, 2, 3, 4), 4)
                    .flatMap(job.<Integer, Integer>refusing(value -> {
                        if (value == 2) {
                            CALLS.incrementAndGet();
                            throw new InvalidModelException("weight 2: not a number");
                        }
                        return List.of(value).iterator();
                    }))
                    .mapToPair(value -> new Tuple2<>(value, value))
                    .partitionBy(new HashPartitioner(2));
            job.run(gathered.values(), (part, given, attempt) -> {
                int sum = 0;
                while (given.hasNext()) {
                    sum += given.next();
                }
                return sum;
            });
        });
        assertEquals("weight 2: not a number", refused.getMessage());
        assertEquals(1, calls.get());
    }

    @Test
    void cancelsNoJobButItsOwn() throws Exception {
        List<List<Integer>> found = new ArrayList<>();
        Thread other = new Thread(() -> {
            try {
                found.add(new TaskRun(spark, "good").run(spark.parallelize(List.of(1, 2, 3), 3), (part, given, attempt) -> {
                    if (part == 0) {
                        bothRun.countDown();
                        await();
                    }
                    return part;
                }));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        other.start();
        assertThrows(InvalidModelException.class, () -> new TaskRun(spark, "bad").each(List.of(1), value -> {
            bothRun.countDown();
            await();
            throw new InvalidModelException("bad");
        }));
        other.join();
        assertEquals(List.of(List.of(0, 1, 2)), found);
    }

    /** A task may be cancelled, and so interrupted, before it has seen that the other one runs. */
    private static void awaitThroughInterrupts() {
        while (bothRun.getCount() > 0) {
            Thread.onSpinWait();
        }
    }

    private static void await() {
        try {
            bothRun.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void leavesTheCallersJobGroup() throws IOException {
        spark.setJobGroup("mine", "what I do", false);
        try {
            new TaskRun(spark, "test").each(List.of(1), value -> value);
            assertEquals("mine", spark.getLocalProperty("spark.jobGroup.id"));
            assertEquals("what I do", spark.getLocalProperty("spark.job.description"));
        } finally {
            spark.clearJobGroup();
        }
    }

    @Test
    void givesNoTwoAttemptsOneNumber() {
        Set<Integer> numbers = new HashSet<>();
        for (int stage = 0; stage < 30; stage++) {
            for (int task = 0; task < 30; task++) {
                assertTrue(numbers.add(TaskAttempt.number(stage, task)), stage + " " + task);
            }
        }
        assertEquals(0, TaskAttempt.number(0, 0));
        Set<Integer> ofFourNumbers = new HashSet<>();
        for (int task = 0; task < 4; task++) {
            ofFourNumbers.add(TaskAttempt.number(0, task) % 4);
        }
        assertEquals(4, ofFourNumbers.size());
    }
}
