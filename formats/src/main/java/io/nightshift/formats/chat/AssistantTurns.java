package io.nightshift.formats.chat;

import io.nightshift.formats.jinja.JinjaException;
import io.nightshift.formats.jinja.Rendered;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what the assistant says in a text whose template does not mark it: between the conversation rendered up to the turn,
 * with the prompt for it, and rendered with it. Both have to be beginnings of the whole text. A template that writes earlier
 * turns otherwise once the conversation goes on (without their thinking, say) leaves such turns without a place.
 */
final class AssistantTurns {
    /** The first messages as text. */
    interface Renderer {
        Rendered render(Conversation conversation, int messages, boolean prompt);
    }

    private final Conversation conversation;
    private final String text;
    private final String end;
    private final Renderer renderer;

    /**
     * The turns of a conversation.
     *
     * @param text the whole of it
     * @param end the token that ends a turn, mostly; what white space follows it is the template's
     */
    AssistantTurns(Conversation conversation, String text, String end, Renderer renderer) {
        this.conversation = conversation;
        this.text = text;
        this.end = end;
        this.renderer = renderer;
    }

    RenderedChat rendered() {
        List<Rendered.Span> spans = new ArrayList<>();
        int unplaced = 0;
        for (int i = 0; i < conversation.messages().size(); i++) {
            if (conversation.isOfAssistant(i)) {
                Rendered.Span span = place(i);
                if (span == null) {
                    unplaced++;
                } else {
                    spans.add(span);
                }
            }
        }
        return new RenderedChat(text, spans, unplaced);
    }

    /** The place of a turn; null if it cannot be told. */
    private Rendered.Span place(int turn) {
        try {
            boolean last = turn == conversation.messages().size() - 1;
            String through = last ? text : renderer.render(conversation, turn + 1, false).text();
            String before = renderer.render(conversation, turn, true).text();
            if (!text.startsWith(through)) {
                return text.startsWith(withoutEnd(through)) && text.startsWith(before)
                        ? span(before.length(), withoutEnd(through).length())
                        : upToEnd(turn, before, through);
            }
            int from = through.startsWith(before) ? before.length() : afterHeader(turn, before, through);
            return span(from, withoutSpaceBehindEnd(through));
        } catch (JinjaException e) {
            // It takes no conversation that ends here.
            return null;
        }
    }

    private static Rendered.Span span(int from, int to) {
        return from >= 0 && from < to ? new Rendered.Span(from, to) : null;
    }

    /** Some templates put the end token at the end of a conversation alone. */
    private String withoutEnd(String through) {
        return !end.isEmpty() && through.endsWith(end) ? through.substring(0, through.length() - end.length()) : through;
    }

    /**
     * The place of a turn that is written otherwise once the conversation goes on, where every turn ends in the end token:
     * up to the next one.
     */
    private Rendered.Span upToEnd(int turn, String before, String through) {
        if (end.isEmpty() || !through.stripTrailing().endsWith(end) || !text.startsWith(before)) {
            return null;
        }
        int to = text.indexOf(end, before.length());
        int ends = 0;
        for (int at = to; at >= 0; at = text.indexOf(end, at + end.length())) {
            ends++;
        }
        int turnsToCome = 0;
        for (int i = turn; i < conversation.messages().size(); i++) {
            turnsToCome += conversation.isOfAssistant(i) ? 1 : 0;
        }
        return ends < turnsToCome ? null : span(before.length(), to + end.length());
    }

    /**
     * Where a turn begins whose prompt has more than it: {@code <think>}, where the turn shows no thinking. It begins after
     * what they share, up to the last tag or line that ends in it; -1 if there is no such thing.
     */
    private int afterHeader(int turn, String before, String through) {
        String earlier = renderer.render(conversation, turn, false).text();
        if (!before.startsWith(earlier) || !through.startsWith(earlier)) {
            return -1;
        }
        int shared = earlier.length();
        int header = -1;
        while (shared < before.length() && shared < through.length() && before.charAt(shared) == through.charAt(shared)) {
            char c = before.charAt(shared++);
            if (c == '\n' || c == '>' || c == ']') {
                header = shared;
            }
        }
        return header;
    }

    private int withoutSpaceBehindEnd(String through) {
        String stripped = through.stripTrailing();
        return !end.isEmpty() && stripped.endsWith(end) ? stripped.length() : through.length();
    }
}
