package io.nightshift.jobs.batch.lease;

import io.nightshift.jobs.batch.files.NightFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The right to write to an output, held by one run at a time. It lies beside the output, is renewed while the run lasts,
 * and may be taken by another run when it was not renewed for a while; by the same run, started again, at once. Before
 * each commit its holder asks {@link #requireHeld}.
 */
public final class Lease implements AutoCloseable {
    private final LeaseFiles files;
    private final LeaseTerms terms;
    private final LeaseRecord mine;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService renewals;
    private long number;
    private long renewedAt;
    private boolean lost;

    private Lease(LeaseFiles files, LeaseTerms terms, LeaseRecord mine, LongSupplier nanoTime) {
        this.files = files;
        this.terms = terms;
        this.mine = mine;
        this.nanoTime = nanoTime;
        renewals = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "nightshift-lease");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Takes the lease of an output and renews it from then on.
     *
     * @param runId of this run; one with the same id takes over at once
     * @throws LeaseException if another run holds it
     */
    public static Lease take(NightFiles files, String runId, LeaseTerms terms) throws IOException {
        Lease lease = take(files, runId, terms, System::nanoTime);
        long period = Math.max(1, terms.renewal().toMillis());
        lease.renewals.scheduleWithFixedDelay(lease::renewQuietly, period, period, TimeUnit.MILLISECONDS);
        return lease;
    }

    /** Takes the lease; whoever calls this renews it. */
    static Lease take(NightFiles files, String runId, LeaseTerms terms, LongSupplier nanoTime) throws IOException {
        LeaseRecord mine = new LeaseRecord(runId, UUID.randomUUID().toString(), host());
        Lease lease = new Lease(new LeaseFiles(files), terms, mine, nanoTime);
        try {
            lease.take();
            return lease;
        } catch (IOException | RuntimeException e) {
            lease.renewals.shutdownNow();
            throw e;
        }
    }

    private void take() throws IOException {
        Optional<LeaseFiles.Current> current = files.current();
        if (current.isPresent()) {
            refuseIfHeld(current.get());
        }
        long asked = nanoTime.getAsLong();
        long next = current.map(LeaseFiles.Current::number).orElse(0L) + 1;
        if (!files.create(next, mine) || !isCurrent()) {
            throw new LeaseException(files.location() + ": another run took the output at the same moment; wait for it");
        }
        renewedAt = asked;
        files.deleteBelow(number);
    }

    private void refuseIfHeld(LeaseFiles.Current current) throws IOException {
        boolean sameRun = current.record().map(record -> record.runId().equals(mine.runId())).orElse(false);
        if (sameRun) {
            return;
        }
        long left = terms.expiry().toMillis() - (files.now() - current.modified());
        if (left > 0) {
            String holder = current.record().map(record -> "run " + record.runId() + " on " + record.host())
                    .orElse("a run that is just starting");
            throw new LeaseException(files.location() + ": " + holder + " writes to this output; wait for it, or for "
                    + (left + 999) / 1000 + " s if it is dead, or give its --run-id to take over");
        }
    }

    /** Whether what counts is this holder's own, of whatever number: the store may have made one and failed to say so. */
    private boolean isCurrent() throws IOException {
        Optional<LeaseFiles.Current> own = files.current()
                .filter(current -> current.record().equals(Optional.of(mine)));
        own.ifPresent(current -> number = current.number());
        return own.isPresent();
    }

    /**
     * Renews the lease.
     *
     * @throws LeaseException if it was lost
     */
    synchronized void renew() throws IOException {
        requireHeld();
        long asked = nanoTime.getAsLong();
        if (!files.create(number + 1, mine) || !isCurrent()) {
            lost = true;
            requireHeld();
        }
        renewedAt = asked;
        files.deleteBelow(number);
    }

    private void renewQuietly() {
        try {
            renew();
        } catch (IOException | RuntimeException e) {
            // Told by the next requireHeld: a store that is away for a minute does not end the night.
        }
    }

    /**
     * Makes sure that this run still holds the lease, and for as long as a renewal takes to come: asked before every
     * commit.
     *
     * @throws LeaseException if it does not: nothing may be committed any more
     * @throws IOException if the store does not say
     */
    public synchronized void requireHeld() throws IOException {
        long left = terms.expiry().toNanos() - (nanoTime.getAsLong() - renewedAt);
        if (!lost && left > terms.renewal().toNanos() && isCurrent()) {
            return;
        }
        // What ran out without a taker is not held again: the commit would race with one.
        lost = true;
        throw new LeaseException(files.location() + ": run " + mine.runId() + " no longer holds this output, "
                + files.current().flatMap(LeaseFiles.Current::record)
                        .filter(record -> !record.equals(mine))
                        .map(record -> "run " + record.runId() + " on " + record.host() + " does")
                        .orElse("for it was not renewed in time")
                + "; nothing more is committed");
    }

    /** Gives the lease back; one that was lost is left to its holder. */
    @Override
    public void close() throws IOException {
        renewals.shutdownNow();
        synchronized (this) {
            if (!lost && isCurrent()) {
                files.delete(number);
            }
            lost = true;
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            return "an unknown host";
        }
    }
}
