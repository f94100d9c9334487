package io.nightshift.jobs.batch.manifest;

import java.util.List;
import java.util.stream.Collectors;

/** A manifest that cannot be carried out. Each line of the message names file and line, and says what to do. */
public final class InvalidManifestException extends RuntimeException {
    private static final long serialVersionUID = 1;

    InvalidManifestException(String file, List<Problem> problems) {
        super(problems.stream().map(problem -> problem.in(file)).collect(Collectors.joining("\n")));
    }
}
