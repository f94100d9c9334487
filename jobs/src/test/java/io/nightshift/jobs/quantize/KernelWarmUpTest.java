package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KernelWarmUpTest {
    private static final int THREADS = 4;

    private final KernelWarmUp warmUp = new KernelWarmUp();

    @Test
    void theFirstWeightsAreForOneTaskAtATime() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger runs = new AtomicInteger();
        side(() -> {
            for (int i = 0; i < 100; i++) {
                warmUp.run(KernelWarmUp.WEIGHTS / THREADS / 100, () -> {
                    assertEquals(1, inside.incrementAndGet());
                    Thread.yield();
                    inside.decrementAndGet();
                    runs.incrementAndGet();
                });
            }
        });
        assertEquals(100 * THREADS, runs.get());
    }

    @Test
    void theOthersWaitForNobody() throws Exception {
        warmUp.run(KernelWarmUp.WEIGHTS, () -> {});
        CyclicBarrier all = new CyclicBarrier(THREADS);
        AtomicInteger runs = new AtomicInteger();
        side(() -> warmUp.run(1, () -> {
            try {
                all.await(1, TimeUnit.MINUTES);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            runs.incrementAndGet();
        }));
        assertEquals(THREADS, runs.get());
    }

    private static void side(Runnable task) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<? extends Future<?>> all =
                    IntStream.range(0, THREADS).mapToObj(i -> threads.submit(task)).toList();
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
