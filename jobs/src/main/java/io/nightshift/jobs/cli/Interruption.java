package io.nightshift.jobs.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * What SIGINT and SIGTERM do: Spark stops, the command cleans up after itself, and the process ends with the signal's
 * exit code (130, 143). One line is printed, none about what stopped in the middle of its work.
 */
final class Interruption {
    private static final Interruption OF_PROCESS = new Interruption();

    /** After Spark, whose end lets the command clean up, and before the file systems that it needs for that. */
    private static final int PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 5;

    private static final int PATIENCE_SECONDS = 30;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean begun;
    private volatile boolean sparkRuns;

    private Interruption() {}

    static Interruption ofProcess() {
        return OF_PROCESS;
    }

    /** Looks out for signals from now on; for the main class alone. */
    void watch() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::begin, "interruption"));
    }

    /** Whether a signal came while the command ran: what it fails with is no news then. */
    boolean hasBegun() {
        return begun;
    }

    /** Spark starts: it is waited for. */
    void sparkStarts() {
        if (!sparkRuns) {
            sparkRuns = true;
            ShutdownHookManager.get()
                    .addShutdownHook(this::awaitCleanUp, PRIORITY, PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** The command has ended and cleaned up. */
    void commandEnded() {
        ended.countDown();
    }

    private void begin() {
        if (ended.getCount() == 0) {
            return;
        }
        begun = true;
        System.err.println("nightshift: interrupted; run it again to make what is missing");
        if (!sparkRuns) {
            TemporaryFolder.delete();
        }
    }

    private void awaitCleanUp() {
        if (!begun) {
            return;
        }
        try {
            ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        TemporaryFolder.delete();
    }
}
