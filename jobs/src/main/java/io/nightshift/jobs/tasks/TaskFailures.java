package io.nightshift.jobs.tasks;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.io.IOException;

/** What tasks failed with, rather than Spark's account of it. */
public final class TaskFailures {
    private TaskFailures() {}

    /**
     * The failure as an exception for the user.
     *
     * @param thrown by a Spark action
     * @return an exception to be thrown
     * @throws InvalidModelException if the input cannot be used
     */
    public static IOException explain(Exception thrown) {
        Throwable cause = thrown;
        for (Throwable next = thrown; next != null; next = next.getCause()) {
            if (next instanceof InvalidModelException invalid) {
                throw new InvalidModelException(invalid.getMessage(), thrown);
            }
            cause = next;
            if (next instanceof IOException) {
                break;
            }
        }
        return new IOException(Printable.firstLine(cause.getMessage()).orElse(cause.toString()), thrown);
    }
}
