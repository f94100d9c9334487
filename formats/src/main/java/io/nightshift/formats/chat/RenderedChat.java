package io.nightshift.formats.chat;

import io.nightshift.formats.jinja.Rendered;
import java.util.List;

/**
 * A conversation as text.
 *
 * @param text all of it
 * @param assistant the parts that the assistant says, with what ends its turn, in order
 * @param unplaced turns of the assistant whose place in the text could not be told
 */
public record RenderedChat(String text, List<Rendered.Span> assistant, int unplaced) {}
