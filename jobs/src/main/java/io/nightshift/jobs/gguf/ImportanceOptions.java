package io.nightshift.jobs.gguf;

import java.util.List;

/**
 * The importance matrix that is used, and the part of it that counts.
 *
 * @param files where it is: several files are added up
 * @param include parts of names; if there are any, only tensors whose name has one of them use it
 * @param exclude parts of names; tensors whose name has one of them do not use it
 */
public record ImportanceOptions(List<String> files, List<String> include, List<String> exclude) {
    /** No importance matrix. */
    public static final ImportanceOptions NONE = new ImportanceOptions(List.of(), List.of(), List.of());
}
