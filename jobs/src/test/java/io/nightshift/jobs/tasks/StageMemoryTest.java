package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class StageMemoryTest {
    private static final long GB = 1_000_000_000L;

    /** The example of docs/memory.md: 0.9 GB shared, 1.7 GB a task. */
    @Test
    void asManyTasksRunAtOnceAsFit() {
        StageMemory memory = new StageMemory(870_000_000, 1_700_000_000);
        assertEquals(1, memory.cores(32 * GB, 0.6, 4));
        assertEquals(2, memory.cores(11 * GB + GB / 5, 0.6, 4));
        assertEquals(4, memory.cores(7 * GB, 0.6, 4));
        assertEquals(3, memory.cores(16 * GB, 0.6, 8), "three tasks fit, of three cores each two");
        assertEquals(4, memory.cores(GB, 0.6, 4), "not even one fits: nothing runs beside it");
        assertEquals(1, memory.cores(GB, 0.6, 1));
    }

    @Test
    void stagesThatGoOnInOneAnotherAskForWhatTheLargestNeeds() {
        assertEquals(new StageMemory(3, 4), new StageMemory(3, 1).or(new StageMemory(2, 4)));
    }

    @Test
    void anExecutorRunsFewerTasksOfSuchAStageAtOnce() throws IOException {
        try (JavaSparkContext spark = SparkCluster.oneExecutor(4)) {
            List<Integer> elements = List.of(1, 2, 3, 4, 5, 6);
            // 0.4 of 1 GiB, without Spark's own 100 MiB, has room for two.
            StageMemory memory = new StageMemory(0, 150 << 20);
            TaskRun.ElementBody<Integer, Integer> cores = element -> TaskContext.get().cpus();
            assertEquals(List.of(2, 2, 2, 2, 2, 2), new TaskRun(spark, "large", memory).each(elements, cores));
            assertEquals(List.of(1, 1, 1, 1, 1, 1), new TaskRun(spark, "small").each(elements, cores));
            assertEquals(List.of(1, 1, 1, 1, 1, 1),
                    new TaskRun(spark, "small, too", new StageMemory(0, 50 << 20)).each(elements, cores));
            // Steps of one stage that ask for the same are given it.
            StageResources resources = memory.resources(spark);
            JavaRDD<Integer> first = resources.askedFor(spark.parallelize(elements, 6).map(element -> element));
            JavaRDD<Integer> second = resources.askedFor(first.map(element -> TaskContext.get().cpus()));
            assertEquals(List.of(2, 2, 2, 2, 2, 2), second.collect());
        }
    }

    @Test
    void aLocalMasterHasNothingToAsk() {
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            assertSame(StageResources.USUAL, new StageMemory(0, 100 * GB).resources(spark));
        }
    }
}
