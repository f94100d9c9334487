package io.nightshift.kernels.encoding;

import java.io.Serializable;

/**
 * How rows of weights become what a format can hold. A value: the work is done by a {@link #coder}.
 *
 * <p>Rows are independent of each other: what becomes of a row does not depend on the rows that are encoded with it.
 */
public interface RowEncoding extends Serializable {
    /** What people call it: {@code Q4_K}, {@code int4 g128}. */
    String name();

    /** Weights of a row that are compared with each other when scales of channels are searched; a row is whole groups. */
    int groupSize();

    /** Whether single weights can be rounded up or down, as error feedback does it. */
    boolean takesFeedback();

    /** Whether error feedback starts from nearest rounding; where it does not, that is only measured, on a few rows. */
    default boolean startsFromNearest() {
        return true;
    }

    /** Whether its scales may be chosen by the squares of the inputs, beyond what {@link Metric.Importance} tells. */
    default boolean searchesGroups() {
        return false;
    }

    /** Bits that so many rows take, scales and all. */
    long bits(long rows, long columns);

    /** Rounds rows of which nothing is known but themselves: unlike {@link #coder} where rows share numbers. */
    default RowCoder ofSingleRows() {
        return coder();
    }

    /** Does the work. It may hold scratch arrays: to be used by one thread. */
    RowCoder coder();
}
