package io.nightshift.formats.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.util.Optional;

/** A JSON file of a model folder, read as Python's json module reads it: NaN and Infinity are numbers. */
public final class JsonFile {
    /** Chat templates and charsmaps are single strings of megabytes. */
    private static final int LONGEST_STRING = 256 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static {
        MAPPER.getFactory().setStreamReadConstraints(
                StreamReadConstraints.builder().maxStringLength(LONGEST_STRING).build());
    }

    private JsonFile() {}

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
}
