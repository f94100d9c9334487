package io.nightshift.jobs.tasks;

import org.apache.spark.util.AccumulatorV2;

/**
 * The message of the first task that refused its input. Spark hands it to the driver with the end of a task, whatever stage
 * that is of, and before the task's result.
 */
final class Refusals extends AccumulatorV2<String, String> {
    private static final long serialVersionUID = 1;

    private final transient Runnable cancel;
    private String message;

    /**
     * The driver's.
     *
     * @param cancel what is done at the first refusal, once; on Spark's own thread, so that it must not wait
     */
    Refusals(Runnable cancel) {
        this.cancel = cancel;
    }

    @Override
    public synchronized boolean isZero() {
        return message == null;
    }

    @Override
    public AccumulatorV2<String, String> copy() {
        Refusals copy = new Refusals(null);
        copy.message = value();
        return copy;
    }

    @Override
    public synchronized void reset() {
        message = null;
    }

    @Override
    public synchronized void add(String refusal) {
        if (message == null) {
            message = refusal;
        }
    }

    @Override
    public void merge(AccumulatorV2<String, String> other) {
        if (other.isZero() || !isZero()) {
            return;
        }
        add(other.value());
        if (cancel != null) {
            cancel.run();
        }
    }

    @Override
    public synchronized String value() {
        return message;
    }
}
