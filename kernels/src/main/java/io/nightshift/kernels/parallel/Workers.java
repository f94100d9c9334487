package io.nightshift.kernels.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * A fixed number of threads, the caller's among them, that share out the pieces of a job. Kernels cut their work into
 * pieces that write to places of their own, so results do not depend on how many threads there are. One thread at a
 * time may call {@link #run}.
 */
public final class Workers implements AutoCloseable {
    /** No threads but the caller's: may be shared. */
    public static final Workers NONE = new Workers(1);

    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final int threads;
    private final ExecutorService helpers;

    /**
     * Starts the threads.
     *
     * @param threads at least 1; with 1 no thread is started
     */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads: at least one is needed");
        }
        this.threads = threads;
        this.helpers = threads == 1 ? null : Executors.newFixedThreadPool(threads - 1, Workers::thread);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "nightshift-worker-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Runs all pieces of a job, each once, and returns when they are done. A piece's exception is thrown here, after
     * the pieces that had begun have ended; the others are left out.
     *
     * @param pieces number of pieces
     * @param piece called with 0 to {@code pieces - 1}, by several threads at once
     */
    public void run(int pieces, IntConsumer piece) {
        int used = Math.min(threads, pieces);
        if (used <= 1) {
            for (int i = 0; i < pieces; i++) {
                piece.accept(i);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Runnable share = () -> {
            try {
                for (int i = next.getAndIncrement(); i < pieces; i = next.getAndIncrement()) {
                    piece.accept(i);
                }
            } finally {
                // Reached early by an exception: the others shall begin no more.
                next.set(pieces);
            }
        };
        List<Future<?>> shares = new ArrayList<>();
        for (int i = 1; i < used; i++) {
            shares.add(helpers.submit(share));
        }
        Throwable failure = null;
        try {
            share.run();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        failure = await(shares, failure);
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (RuntimeException) failure;
        }
    }

    /** Waits for all, whatever happens: they write to the caller's arrays. */
    private static Throwable await(List<Future<?>> shares, Throwable first) {
        Throwable failure = first;
        boolean interrupted = false;
        for (Future<?> share : shares) {
            while (true) {
                try {
                    share.get();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = failure == null ? e.getCause() : failure;
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
            if (failure == null) {
                CancellationException cancelled = new CancellationException("interrupted");
                failure = cancelled;
            }
        }
        return failure;
    }

    /** Ends the threads. */
    @Override
    public void close() {
        if (helpers != null) {
            helpers.shutdown();
        }
    }
}
