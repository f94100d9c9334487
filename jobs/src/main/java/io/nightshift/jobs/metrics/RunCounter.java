package io.nightshift.jobs.metrics;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;

/** What Nightshift counts for Spark's metrics system, in each process since it started ({@link MetricsPlugin}). */
public enum RunCounter {
    /** Bytes of weights that tasks read to run a model, to search scales, to round and to write. */
    BYTES_READ(Side.EXECUTOR, "bytes.read"),
    /** Bytes of outputs that tasks wrote, those of repeated attempts included. */
    BYTES_WRITTEN(Side.EXECUTOR, "bytes.written"),
    /** Tokens that were taken through whole layers, by calibrations and evaluations: once each layer. */
    LAYER_TOKENS(Side.EXECUTOR, "layer.tokens"),
    /** Models of a night that are at work. */
    MODELS_RUNNING(Side.DRIVER, "models.running"),
    /** Models of a night that are done, or have failed. */
    MODELS_DONE(Side.DRIVER, "models.done"),
    /** Outputs of a night that this run made, or made complete. */
    OUTPUTS_COMPLETE(Side.DRIVER, "outputs.complete"),
    /** Outputs of a night that failed, were withheld or not started. */
    OUTPUTS_FAILED(Side.DRIVER, "outputs.failed");

    /** Which processes have it; a local one is both. */
    enum Side { DRIVER, EXECUTOR }

    private final Side side;
    private final String word;
    private final Counter counter = new Counter();

    RunCounter(Side side, String word) {
        this.side = side;
        this.word = word;
    }

    /** Counts. */
    public void add(long count) {
        counter.inc(count);
    }

    static void register(Side side, MetricRegistry registry) {
        for (RunCounter counter : values()) {
            if (counter.side == side) {
                registry.register(counter.word, counter.counter);
            }
        }
    }
}
