package io.nightshift.jobs.text;

import java.util.List;
import java.util.OptionalLong;

/**
 * Where texts come from.
 *
 * @param locations files, folders or globs: text (a file is a document), JSON lines and Parquet (a row is a document)
 * @param textColumn the field or column with the text, in JSON lines and Parquet
 * @param shuffle seed of the order of documents; empty for the order of the files' names and of their rows
 */
public record TextData(List<String> locations, String textColumn, OptionalLong shuffle) {
    /** The column where the user names none. */
    public static final String DEFAULT_COLUMN = "text";
}
