package io.nightshift.formats.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.chat.JsonValuesAccess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers gives, recorded by {@code src/test/python/chat_templates.py}. */
class JinjaTemplateTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 7, 6, 13, 5, 9);
    private static final JsonNode RECORDED = recorded();

    static JsonNode recorded() {
        try {
            return new ObjectMapper().readTree(Path.of("src/test/resources/chat/templates.json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<JsonNode> snippets() {
        List<JsonNode> snippets = new ArrayList<>();
        RECORDED.get("snippets").forEach(snippets::add);
        return snippets;
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void aTemplateGivesWhatTransformersGives(JsonNode snippet) {
        Map<String, Object> values = JsonValuesAccess.map(RECORDED.get("values"));
        String template = snippet.get("template").asText();
        if (snippet.has("error")) {
            assertThrows(JinjaException.class, () -> render(template, values), snippet.get("error").asText());
            return;
        }
        Rendered rendered = render(template, values);
        assertEquals(snippet.get("text").asText(), rendered.text());
        for (int i = 0; i < snippet.path("generated").size(); i++) {
            JsonNode span = snippet.get("generated").get(i);
            assertEquals(new Rendered.Span(span.get(0).asInt(), span.get(1).asInt()), rendered.generated().get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{% include 'x' %}", "{% extends 'x' %}", "{{ 2 ** 3 }}", "{{ 'a %s' % 'b' }}", "{{ x | groupby('a') }}",
        "{{ 'a'.center(9) }}", "{{ cycler(1) }}", "{{ f(*x) }}", "{% for x in y recursive %}{% endfor %}",
        "{{ 'a'.__class__ }}", "{{ '{:>5}'.format('a') }}", "{{ strftime_now('%Z') }}", "{{ {1.5: 2} }}",
        "{{ 9223372036854775807 + 1 }}", "{{ 'ß' | title }}", "{{ ('ab' | map('upper'))[0] }}",
        "{% set x %}{% generation %}a{% endgeneration %}{% endset %}", "{{ {'a': 1}.items() }}",
        "{% set m = [1] | map('string') %}{{ m | list }}{{ m | list }}", "{{ ['\\u0378'] }}"})
    void whatIsNotRenderedAlikeIsRefused(String template) {
        JinjaException refused = assertThrows(JinjaException.class, () -> render(template, Map.of()));
        assertTrue(refused.getMessage().contains("is not supported by Nightshift"), refused.getMessage());
    }

    @Test
    void anErrorNamesTheLine() {
        JinjaException refused = assertThrows(JinjaException.class,
                () -> render("a\n{% if true %}\n{{ x.y }}\n{% endif %}", Map.of()));
        assertEquals("'x' is undefined (line 3 of the template)", refused.getMessage());
    }

    private static Rendered render(String template, Map<String, Object> values) {
        return JinjaTemplate.parse(template).render(values, NOW);
    }
}
