package io.nightshift.formats.storage;

import java.io.IOException;

/**
 * An input that is not there or that this account may not read. The message names it; it is shown to the user as it is,
 * as an error of the input and not as a failure at run time.
 */
public final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1;

    public UnreadableException(String message) {
        super(message);
    }

    public UnreadableException(String message, Throwable cause) {
        super(message, cause);
    }
}
