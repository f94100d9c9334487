package io.nightshift.formats.jinja;

/**
 * What a name or an attribute stands for that does not exist: written as nothing, false, and an empty sequence.
 *
 * @param why for the message where that does not do
 */
record Undefined(String why) {
    JinjaException error() {
        return new JinjaException(why);
    }
}
