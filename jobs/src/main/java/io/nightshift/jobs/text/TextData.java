package io.nightshift.jobs.text;

import io.nightshift.formats.chat.Conversation;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where texts come from.
 *
 * @param locations files, folders or globs: text (a file is a document), JSON lines and Parquet (a row is a document)
 * @param textColumn the field or column with the text, in JSON lines and Parquet
 * @param shuffle seed of the order of documents; empty for the order of the files' names and of their rows
 * @param chat whether they are chats: records of JSON lines or Parquet whose column holds messages, which the model's chat
 *     template makes a text of
 */
public record TextData(List<String> locations, String textColumn, OptionalLong shuffle, boolean chat) {
    /** The column where the user names none. */
    public static final String DEFAULT_COLUMN = "text";

    /** Texts that are no chats. */
    public TextData(List<String> locations, String textColumn, OptionalLong shuffle) {
        this(locations, textColumn, shuffle, false);
    }

    /** Texts whose column is the usual one where none is named. */
    public static TextData of(List<String> locations, Optional<String> textColumn, OptionalLong shuffle, boolean chat) {
        return new TextData(locations, textColumn.orElse(chat ? Conversation.MESSAGES : DEFAULT_COLUMN), shuffle, chat);
    }
}
