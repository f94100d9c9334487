package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.nightshift.jobs.testing.SparkCluster;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class RunCacheTest {
    private static final RunCache<Object> KEPT = new RunCache<>(Object::new);

    @Test
    void keepsAValueOfItsOwnForEachRunUntilItEnds() {
        RunId one = RunId.create();
        RunId two = RunId.create();
        Object ofOne = KEPT.of(one);
        Object ofTwo = KEPT.of(two);
        assertNotSame(ofOne, ofTwo);
        assertSame(ofOne, KEPT.of(one));
        RunCache.dropHere(one);
        assertSame(ofTwo, KEPT.of(two));
        assertNotSame(ofOne, KEPT.of(one));
        RunCache.dropHere(one);
        RunCache.dropHere(two);
        assertEquals(0, KEPT.runs());
    }

    @Test
    void dropsARunThatGaveNoTaskForLongWhenAnotherAsks() {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
        RunCache<Object> cache = new RunCache<>(Object::new, now::get);
        RunId old = RunId.create();
        Object ofOld = cache.of(old);
        now.addAndGet(RunCache.IDLE.toNanos());
        cache.of(RunId.create());
        assertEquals(2, cache.runs());
        assertSame(ofOld, cache.of(old));
        now.addAndGet(RunCache.IDLE.toNanos() + 1);
        cache.of(RunId.create());
        assertEquals(1, cache.runs());
    }

    @Test
    void isEmptiedInExecutorsWhenARunEnds() throws Exception {
        RunId run = RunId.create();
        try (JavaSparkContext spark = SparkCluster.twoExecutors(Map.of())) {
            assertEquals(8, spark.parallelize(List.of(1, 2, 3, 4, 5, 6, 7, 8), 8)
                    .filter(number -> KEPT.of(run) != null).count());
            RunCache.end(run, spark);
            List<Integer> kept = spark.parallelize(List.of(1, 2, 3, 4, 5, 6, 7, 8), 8)
                    .map(number -> KEPT.runs()).distinct().collect();
            assertEquals(List.of(0), kept);
        }
    }
}
