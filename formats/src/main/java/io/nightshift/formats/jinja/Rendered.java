package io.nightshift.formats.jinja;

import java.util.List;

/**
 * What a template gave.
 *
 * @param text the text
 * @param generated the parts of it within {@code generation} blocks, in order
 */
public record Rendered(String text, List<Span> generated) {
    /**
     * A part of a text.
     *
     * @param from index of its first char
     * @param to index after its last one
     */
    public record Span(int from, int to) {}
}
