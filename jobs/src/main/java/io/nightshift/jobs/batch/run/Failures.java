package io.nightshift.jobs.batch.run;

import java.util.Optional;

/** What went wrong, as one line. */
final class Failures {
    private Failures() {}

    static String words(Throwable failure) {
        return Optional.ofNullable(failure.getMessage())
                .flatMap(message -> message.lines().filter(line -> !line.isBlank()).findFirst())
                .orElse(failure.toString());
    }
}
