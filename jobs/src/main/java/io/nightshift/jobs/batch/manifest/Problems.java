package io.nightshift.jobs.batch.manifest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What was found wrong with a manifest: all of it is collected, so that a person mends it in one go. */
final class Problems {
    private final String file;
    private final List<Problem> found = new ArrayList<>();

    /** @param file the manifest, for messages */
    Problems(String file) {
        this.file = file;
    }

    void add(int line, String key, String message) {
        Problem problem = new Problem(line, key, message);
        // Models of one glob share a line, and what is wrong with it.
        if (!found.contains(problem)) {
            found.add(problem);
        }
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** @throws InvalidManifestException if there are any */
    void throwIfAny() {
        if (!found.isEmpty()) {
            List<Problem> inOrder = new ArrayList<>(found);
            inOrder.sort(Comparator.comparingInt(Problem::line));
            throw new InvalidManifestException(file, inOrder);
        }
    }
}
