package io.nightshift.formats.jinja;

/** A text that the filter {@code safe} has marked: what is added to it is escaped as for HTML (markupsafe). */
record Markup(String text) {
    static Markup escaped(String text) {
        return new Markup(text.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;"));
    }
}
