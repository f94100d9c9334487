package io.nightshift.jobs.quantize;

import java.io.Serializable;

/**
 * Where tasks spent their time, in nanoseconds.
 *
 * @param reading from the source
 * @param computing conversions, kernels and checks
 * @param writing handing bytes to the store
 */
public record WorkTime(long reading, long computing, long writing) implements Serializable {
    /** No time. */
    public static final WorkTime ZERO = new WorkTime(0, 0, 0);

    WorkTime plus(WorkTime other) {
        return new WorkTime(reading + other.reading, computing + other.computing, writing + other.writing);
    }
}
