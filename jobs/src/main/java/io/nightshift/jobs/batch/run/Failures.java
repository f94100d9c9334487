package io.nightshift.jobs.batch.run;

import io.nightshift.formats.Printable;

/** What went wrong, as one line. */
final class Failures {
    private Failures() {}

    static String words(Throwable failure) {
        return Printable.firstLine(failure.getMessage()).orElse(failure.toString());
    }
}
