package io.nightshift.jobs.batch.manifest;

/** What is said of a key that stands twice in one table: parsers would silently take the last. */
final class DuplicateKey {
    private DuplicateKey() {}

    static String message(int first) {
        return "stands there twice, first in line " + first + "; remove one";
    }
}
