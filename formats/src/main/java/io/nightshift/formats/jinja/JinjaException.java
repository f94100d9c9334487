package io.nightshift.formats.jinja;

/** A template that cannot be rendered: it is broken, refuses its input, or uses what is not supported here. */
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    JinjaException(String message) {
        super(message);
    }

    /** Python would do something here that is not written here, and nothing is rendered about right. */
    static JinjaException unsupported(String what) {
        return new JinjaException(what + " is not supported by Nightshift");
    }

    /** The same, with the line of the template. */
    JinjaException at(int line) {
        JinjaException placed = new JinjaException(getMessage() + " (line " + line + " of the template)");
        placed.setStackTrace(getStackTrace());
        return placed;
    }
}
