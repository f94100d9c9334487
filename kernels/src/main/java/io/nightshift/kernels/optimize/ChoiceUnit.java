package io.nightshift.kernels.optimize;

import java.io.Serializable;

/**
 * Something that takes one of several choices. Arrays are not copied.
 *
 * @param bits what each choice takes, 0 or more
 * @param errors what each choice loses, 0 or more and finite
 */
public record ChoiceUnit(long[] bits, double[] errors) implements Serializable {
    /** @throws IllegalArgumentException if there is no choice, or a number is out of range */
    public ChoiceUnit {
        if (bits.length == 0 || bits.length != errors.length) {
            throw new IllegalArgumentException(bits.length + " sizes and " + errors.length + " errors are no choices");
        }
        for (int i = 0; i < bits.length; i++) {
            if (bits[i] < 0 || !(errors[i] >= 0 && errors[i] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("choice " + i + " takes " + bits[i] + " bits and loses " + errors[i]
                        + ": both must be 0 or more, and finite");
            }
        }
    }

    /** The fewest bits of all choices. */
    public long least() {
        long least = Long.MAX_VALUE;
        for (long size : bits) {
            least = Math.min(least, size);
        }
        return least;
    }
}
