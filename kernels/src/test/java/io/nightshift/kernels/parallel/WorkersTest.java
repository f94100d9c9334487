package io.nightshift.kernels.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyPieceRunsOnce(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int pieces : new int[] {0, 1, 3, 1000}) {
                AtomicIntegerArray runs = new AtomicIntegerArray(Math.max(1, pieces));
                workers.run(pieces, runs::incrementAndGet);
                for (int i = 0; i < pieces; i++) {
                    assertEquals(1, runs.get(i));
                }
            }
        }
    }

    @Test
    void threadsWorkAtTheSameTimeTheCallerAmongThem() {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        CyclicBarrier together = new CyclicBarrier(3);
        try (Workers workers = new Workers(3)) {
            workers.run(3, piece -> {
                seen.add(Thread.currentThread());
                try {
                    together.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
        }
        assertEquals(3, seen.size());
        assertTrue(seen.contains(Thread.currentThread()));
    }

    @Test
    void anExceptionOfAPieceReachesTheCallerAndEndsTheJob() {
        try (Workers workers = new Workers(3)) {
            IntConsumer failing = piece -> {
                if (piece == 10) {
                    throw new IllegalStateException("piece 10");
                }
            };
            IllegalStateException thrown =
                    assertThrows(IllegalStateException.class, () -> workers.run(100_000, failing));
            assertEquals("piece 10", thrown.getMessage());
            AtomicInteger after = new AtomicInteger();
            workers.run(50, piece -> after.incrementAndGet());
            assertEquals(50, after.get(), "the workers can be used again");
        }
    }

    @Test
    void atLeastOneThreadIsNeeded() {
        assertThrows(IllegalArgumentException.class, () -> new Workers(0));
    }
}
