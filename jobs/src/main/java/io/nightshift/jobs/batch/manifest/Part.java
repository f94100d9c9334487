package io.nightshift.jobs.batch.manifest;

import java.util.List;
import java.util.Map;

/** A part of a manifest's text, YAML or JSON alike, and the line it stands in. */
sealed interface Part {
    /** The line, from 1. */
    int line();

    /** What it is, for messages. */
    String noun();

    /** Keys and their values, in the order of the text. */
    record Table(int line, Map<String, Field> fields) implements Part {
        @Override
        public String noun() {
            return "a table of keys";
        }
    }

    /**
     * A value under a key.
     *
     * @param line of the key
     */
    record Field(int line, Part value) {}

    /** A list. */
    record Items(int line, List<Part> parts) implements Part {
        @Override
        public String noun() {
            return parts.isEmpty() ? "an empty list" : "a list";
        }
    }

    /**
     * A single value.
     *
     * @param text as it stands there, without quotes: 06:00 is no number of seconds here
     * @param kind what it is without being asked
     */
    record Value(int line, String text, Kind kind) implements Part {
        @Override
        public String noun() {
            return kind == Kind.NOTHING ? "empty" : "'" + text + "'";
        }
    }

    /** Kinds of single values. */
    enum Kind {
        TEXT,
        NUMBER,
        SWITCH,
        NOTHING
    }
}
