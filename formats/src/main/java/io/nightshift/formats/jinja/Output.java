package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.List;

/** The text that a template writes, with the places of what is marked as generated. */
final class Output {
    private final StringBuilder text = new StringBuilder();
    private final List<Rendered.Span> generated = new ArrayList<>();
    private final boolean whole;

    /**
     * An empty output.
     *
     * @param whole whether it becomes the text itself, and not a value in it
     */
    Output(boolean whole) {
        this.whole = whole;
    }

    void write(String more) {
        text.append(more);
    }

    /** Writes what the model generates. Its place is known in the text itself alone. */
    void writeGenerated(String more) {
        if (!whole) {
            throw JinjaException.unsupported("a generation block within a macro, a set, call or filter block");
        }
        generated.add(new Rendered.Span(text.length(), text.length() + more.length()));
        text.append(more);
    }

    String text() {
        return text.toString();
    }

    Rendered rendered() {
        return new Rendered(text(), List.copyOf(generated));
    }
}
