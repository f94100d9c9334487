package io.nightshift.kernels.rounding;

import io.nightshift.kernels.GgmlType;

/**
 * What a format makes of weights without error feedback: the values that a reader will see. This is what scales of channels
 * are searched with. An instance may hold scratch arrays: use one per thread.
 */
public interface NearestRounding {
    /**
     * Rounds whole rows.
     *
     * @param weights row-major, {@code rows * columns} from {@code at}; finite
     * @param importance what each column's errors count, non-negative; formats that have no use for it leave it
     * @param rounded receives as many values, from 0
     */
    void round(float[] weights, int at, int rows, int columns, float[] importance, float[] rounded);

    /** Rounds to integers in groups. */
    static NearestRounding of(IntegerGroups groups) {
        return new NearestIntegers(groups);
    }

    /**
     * Quantizes to blocks as ggml does, with importance.
     *
     * @throws IllegalArgumentException if no quantizer makes this type
     */
    static NearestRounding of(GgmlType type) {
        return new NearestBlocks(type);
    }
}
