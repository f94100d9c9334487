package io.nightshift.formats.jinja;

import java.time.LocalDateTime;
import java.util.Map;

/**
 * A template: what Python's {@code ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)} of Jinja2 3.1 makes
 * of it with the additions of transformers 5 (utils/chat_template_utils.py): {@code raise_exception}, {@code strftime_now},
 * {@code tojson} without HTML, {@code break} and {@code continue}, {@code generation}. Written anew, as no library for the
 * JVM does what these do on real templates. Immutable.
 */
public final class JinjaTemplate {
    private final Statement.Block body;

    private JinjaTemplate(Statement.Block body) {
        this.body = body;
    }

    /**
     * A template from its text.
     *
     * @throws JinjaException if it is broken, or uses what is not supported
     */
    public static JinjaTemplate parse(String text) {
        try {
            return new JinjaTemplate(Parser.parse(text));
        } catch (StackOverflowError e) {
            throw new JinjaException("is nested too deeply");
        }
    }

    /**
     * The text for some variables.
     *
     * @param variables nulls, Booleans, Longs, BigIntegers beyond these, Doubles, Strings, Lists and Maps of such, the maps
     *     with strings as keys; none is changed
     * @param now what {@code strftime_now} tells
     * @throws JinjaException if the template refuses them, fails on them, or does with them what is not supported
     */
    public Rendered render(Map<String, Object> variables, LocalDateTime now) {
        Output output = new Output(true);
        try {
            body.run(Scope.outermost(new Rendering(now), variables), output);
        } catch (StackOverflowError e) {
            throw new JinjaException("is nested too deeply");
        }
        return output.rendered();
    }
}
