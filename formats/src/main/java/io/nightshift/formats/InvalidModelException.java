package io.nightshift.formats;

/**
 * Input that cannot be used: a broken file, a tensor that is missing or unexpected, an unsupported architecture. The
 * message names the file, tensor or option and says what to do; it is shown to the user as it is.
 */
public class InvalidModelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public InvalidModelException(String message) {
        super(message);
    }

    public InvalidModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
