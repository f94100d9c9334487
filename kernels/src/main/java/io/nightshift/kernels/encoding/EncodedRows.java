package io.nightshift.kernels.encoding;

/** Rows in the form that a format stores, before they are packed. Each encoding has its own kind. */
public interface EncodedRows {
    /** Number of rows. */
    int rows();

    /** Weights a row. */
    int columns();

    /** Groups whose weights were clipped; 0 where an encoding does no such thing. */
    default long clippedGroups() {
        return 0;
    }

    /** Groups that have a scale of their own; 0 where that is of no interest. */
    default long groups() {
        return 0;
    }
}
