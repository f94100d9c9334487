package io.nightshift.jobs.storage;

import java.io.IOException;

/**
 * A file store that does not do what it should: an endpoint that does not answer, refused credentials, a missing
 * bucket, an output that cannot be written. The message is one line that names the location and says what to do; it is
 * shown to the user as it is.
 */
public final class StorageException extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean temporary;

    /**
     * @param location the folder or file
     * @param problem what is wrong and what to do
     */
    public StorageException(String location, String problem) {
        this(location, problem, null);
    }

    /**
     * @param location the folder or file
     * @param problem what is wrong and what to do
     * @param cause for the log
     */
    public StorageException(String location, String problem, Throwable cause) {
        this(location, problem, cause, false);
    }

    private StorageException(String location, String problem, Throwable cause, boolean temporary) {
        super(location + ": " + problem, cause);
        this.temporary = temporary;
    }

    /** A store that could do what it should at another time. */
    static StorageException temporary(String location, String problem, Throwable cause) {
        return new StorageException(location, problem, cause, true);
    }

    /** Whether the same command may succeed later: no error of the user's. */
    public boolean isTemporary() {
        return temporary;
    }
}
