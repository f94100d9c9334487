package io.nightshift.jobs.calibration;

/** How much is kept of what linear layers read. */
public enum Statistics {
    /** Sums of squares and of absolute values a channel: what an importance matrix needs. */
    IMATRIX,

    /** These, and whole Gram matrices XᵀX: what AWQ, EXL2 and error feedback need. */
    GRAM
}
