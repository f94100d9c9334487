package io.nightshift.jobs.batch.manifest;

import java.util.List;
import java.util.regex.Pattern;

/** What a key's value may be. */
sealed interface ValueKind {
    /** A text. */
    record Text() implements ValueKind {}

    /** A text or a list of texts. */
    record Texts() implements ValueKind {}

    /** A whole number: of 32 bits, unless the least one has more. */
    record Count(long least) implements ValueKind {
        long most() {
            return least < Integer.MIN_VALUE ? Long.MAX_VALUE : Integer.MAX_VALUE;
        }
    }

    /** A number above zero, or at least zero. */
    record Amount(boolean mayBeZero) implements ValueKind {}

    /** True or false. */
    record Switch() implements ValueKind {}

    /** A number of bytes as people write it, such as 64M. */
    record Size() implements ValueKind {
        static final Pattern FORM = Pattern.compile("\\d{1,9}\\s*[KMGTkmgt]?([iI]?[bB])?");
    }

    /** One of some words. */
    record Choice(List<String> words) implements ValueKind {}

    /** Something with a reader of its own: models, targets, defaults. */
    record Structure() implements ValueKind {}
}
