package io.nightshift.jobs.batch.manifest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON into parts. */
final class JsonText {
    private final JsonParser parser;
    private final Problems problems;

    private JsonText(JsonParser parser, Problems problems) {
        this.parser = parser;
        this.problems = problems;
    }

    /** The document's root, or null if there is none or it is not JSON, which is added to the problems. */
    static Part read(String text, Problems problems) {
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            if (parser.nextToken() == null) {
                return null;
            }
            Part root = new JsonText(parser, problems).part();
            if (parser.nextToken() != null) {
                problems.add(parser.currentTokenLocation().getLineNr(), "", "is not JSON: something follows its end");
            }
            return root;
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            problems.add(line, "", "is not JSON: " + e.getOriginalMessage() + "; mind commas, brackets and quotes there");
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Part part() throws IOException {
        int line = parser.currentTokenLocation().getLineNr();
        return switch (parser.currentToken()) {
            case START_OBJECT -> table(line);
            case START_ARRAY -> {
                List<Part> parts = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    parts.add(part());
                }
                yield new Part.Items(line, parts);
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Part.Value(line, parser.getText(), Part.Kind.NUMBER);
            case VALUE_TRUE, VALUE_FALSE -> new Part.Value(line, parser.getText(), Part.Kind.SWITCH);
            case VALUE_NULL -> new Part.Value(line, "", Part.Kind.NOTHING);
            default -> new Part.Value(line, parser.getText(), Part.Kind.TEXT);
        };
    }

    private Part.Table table(int line) throws IOException {
        Map<String, Part.Field> fields = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            int keyLine = parser.currentTokenLocation().getLineNr();
            parser.nextToken();
            Part.Field before = fields.putIfAbsent(key, new Part.Field(keyLine, part()));
            if (before != null) {
                problems.add(keyLine, key, DuplicateKey.message(before.line()));
            }
        }
        return new Part.Table(line, fields);
    }
}
