package io.nightshift.jobs.batch.lease;

import java.io.IOException;

/** A lease that is held by another run, or was lost to one. The message says what to do. */
public final class LeaseException extends IOException {
    private static final long serialVersionUID = 1;

    LeaseException(String message) {
        super(message);
    }
}
