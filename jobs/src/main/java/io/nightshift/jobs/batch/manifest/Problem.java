package io.nightshift.jobs.batch.manifest;

/**
 * Something that is wrong with a manifest.
 *
 * @param line where it stands, from 1
 * @param key path to it, such as {@code models[2].targets}; empty for the whole
 * @param message what is wrong and what to do
 */
record Problem(int line, String key, String message) {
    /** One line for people, as compilers write them. */
    String in(String file) {
        return file + ":" + line + ": " + (key.isEmpty() ? "" : key + ": ") + message;
    }
}
