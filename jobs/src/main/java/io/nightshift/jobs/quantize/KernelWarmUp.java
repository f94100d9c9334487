package io.nightshift.jobs.quantize;

import io.nightshift.kernels.GgmlType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets one task of a JVM at a time run a type's kernel until it is compiled. Before that vector code is about a thousand
 * times slower: tasks that run it side by side add nothing, and take the processors from the compiler that they wait for.
 */
final class KernelWarmUp {
    /** A type's first weights, enough for its kernel to be compiled; nothing beside a model's once it is. */
    static final int WEIGHTS = 2 << 20;

    private static final Map<GgmlType, KernelWarmUp> OF = new ConcurrentHashMap<>();

    private volatile int remaining = WEIGHTS;

    KernelWarmUp() {}

    static KernelWarmUp of(GgmlType type) {
        return OF.computeIfAbsent(type, key -> new KernelWarmUp());
    }

    /** Runs a kernel on as many weights. */
    void run(int weights, Runnable kernel) {
        if (remaining <= 0) {
            kernel.run();
            return;
        }
        synchronized (this) {
            kernel.run();
            remaining -= weights;
        }
    }
}
