package io.nightshift.formats.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A JSON file of a model folder, read and written as Python's json module does: NaN and Infinity are numbers. */
public final class JsonFile {
    /** Chat templates and charsmaps are single strings of megabytes. */
    private static final int LONGEST_STRING = 256 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final ObjectWriter WRITER = JsonMapper.builder()
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build()
            .writer(new DefaultPrettyPrinter(Separators.createDefaultInstance()
                            .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(new DefaultIndenter("  ", "\n")));

    static {
        MAPPER.getFactory().setStreamReadConstraints(
                StreamReadConstraints.builder().maxStringLength(LONGEST_STRING).build());
    }

    private JsonFile() {}

    /**
     * The content of a file that must be there and hold an object.
     *
     * @throws InvalidModelException if there is no such file, or it holds something else
     * @throws IOException if it cannot be read
     */
    public static ObjectNode object(ModelFolder folder, String name) throws IOException {
        return (ObjectNode) read(folder, name)
                .filter(JsonNode::isObject)
                .orElseThrow(() -> new InvalidModelException(folder.location() + ": has no " + name));
    }

    /**
     * The content of a file, or nothing where there is no such file.
     *
     * @throws InvalidModelException if it is not JSON, or there is more behind its end
     * @throws IOException if it cannot be read
     */
    public static Optional<JsonNode> read(ModelFolder folder, String name) throws IOException {
        if (folder.find(name).isEmpty()) {
            return Optional.empty();
        }
        String file = folder.location() + "/" + name;
        try {
            byte[] bytes = folder.read(name);
            Optional<String> other = FileSignature.of(bytes);
            if (other.isPresent()) {
                throw new InvalidModelException(file + " is not valid JSON, but " + other.get());
            }
            JsonNode content = MAPPER.readTree(bytes);
            if (content.isMissingNode()) {
                throw new InvalidModelException(file + " is not valid JSON: it is empty. Fetch it again");
            }
            return Optional.of(content);
        } catch (MismatchedInputException e) {
            // The mapper's own words name its classes and settings.
            throw new InvalidModelException(file + " is not valid JSON: there is text behind its end", e);
        } catch (JsonProcessingException e) {
            throw new InvalidModelException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** A file's bytes: indented by two spaces, with a line end behind. */
    public static byte[] bytes(JsonNode content) {
        try {
            return (WRITER.writeValueAsString(content) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("this tree cannot be written as JSON", e);
        }
    }
}
