package io.nightshift.jobs.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * One field of the objects of JSON lines, read as Spark SQL reads it: a line may hold a list of objects, and what is no string
 * counts as its JSON. Lines are taken as JSON alone where they are: another object behind the first would be lost.
 */
final class JsonLines implements TextReader {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
            .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build()).build();

    private final DataFile file;
    private final String field;
    private final HadoopSettings settings;
    private final Lines lines;
    private final Deque<String> texts = new ArrayDeque<>();

    /**
     * Opens a file.
     *
     * @param field of the objects, the text
     * @throws IOException if it cannot be read
     */
    JsonLines(DataFile file, String field, HadoopSettings settings) throws IOException {
        this.file = file;
        this.field = field;
        this.settings = settings;
        lines = new Lines(file, settings);
    }

    /**
     * The names of all fields in a file's first lines, sorted.
     *
     * @throws IOException if it cannot be read
     * @throws InvalidModelException if one of the lines is no JSON object
     */
    static Set<String> fields(DataFile file, int lines, HadoopSettings settings) throws IOException {
        Set<String> names = new TreeSet<>();
        try (JsonLines reader = new JsonLines(file, "", settings)) {
            for (int i = 0; i < lines; i++) {
                String line = reader.lines.next();
                if (line == null) {
                    break;
                }
                reader.parse(line, name -> {
                    names.add(name);
                    return false;
                });
            }
        }
        return names;
    }

    @Override
    public String next() throws IOException {
        while (texts.isEmpty()) {
            String line = lines.next();
            if (line == null) {
                return null;
            }
            parse(line, field::equals);
        }
        return texts.remove();
    }

    /** @param wanted which field's values are texts */
    private void parse(String line, Predicate<String> wanted) throws IOException {
        try (JsonParser parser = JSON.createParser(line)) {
            JsonToken first = parser.nextToken();
            if (first == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    object(parser, line, wanted);
                }
            } else if (first != null) {
                object(parser, line, wanted);
            }
            if (first != null && parser.nextToken() != null) {
                throw noObject(null);
            }
        } catch (JsonProcessingException e) {
            throw noObject(e);
        }
    }

    private void object(JsonParser parser, String line, Predicate<String> wanted) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw noObject(null);
        }
        String text = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            boolean isText = wanted.test(parser.currentName());
            JsonToken value = parser.nextToken();
            if (!isText) {
                parser.skipChildren();
            } else if (value == JsonToken.VALUE_NULL) {
                text = null;
            } else {
                text = value.isScalarValue() ? parser.getText() : structure(parser, line);
            }
        }
        if (text != null) {
            texts.add(text);
        }
    }

    private static String structure(JsonParser parser, String line) throws IOException {
        int start = Math.toIntExact(parser.currentTokenLocation().getCharOffset());
        parser.skipChildren();
        return line.substring(start, Math.toIntExact(parser.currentLocation().getCharOffset()));
    }

    private InvalidModelException noObject(JsonProcessingException cause) throws IOException {
        TextCheck.require(file, settings);
        return new InvalidModelException(
                file.path() + ": line " + lines.number() + " is no JSON object; JSON lines are wanted", cause);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
