package io.nightshift.jobs.tasks;

/**
 * What the tasks took of all jobs that a thread ran ({@link TaskRun}) since it began to count, in nanoseconds of cores. Counts
 * may lie within one another.
 */
public final class CoreTime implements AutoCloseable {
    private static final ThreadLocal<CoreTime> COUNTING = new ThreadLocal<>();

    private final CoreTime outer;
    private long nanos;

    private CoreTime(CoreTime outer) {
        this.outer = outer;
    }

    /** Begins to count, until it is closed. */
    public static CoreTime count() {
        CoreTime begun = new CoreTime(COUNTING.get());
        COUNTING.set(begun);
        return begun;
    }

    /** So far. */
    public long nanos() {
        return nanos;
    }

    static void add(long more) {
        for (CoreTime each = COUNTING.get(); each != null; each = each.outer) {
            each.nanos += more;
        }
    }

    @Override
    public void close() {
        COUNTING.set(outer);
    }
}
