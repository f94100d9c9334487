package io.nightshift.formats.modelcard;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Names of models taken apart, against what gguf-py makes of them (see model_card_cases.py). */
class ModelNameTest {
    @Test
    void takesNamesApartAsTheConverterDoes() throws IOException {
        JsonNode rows = new ObjectMapper().readTree(getClass().getResource("/metadata/model-names.json"));
        assertAll(StreamSupport.stream(rows.spliterator(), false).map(row -> () -> {
            ModelName name = ModelName.parse(row.get(0).asText(), row.get(1).asLong());
            JsonNode[] want = {row.get(2), row.get(3), row.get(4), row.get(5), row.get(6), row.get(7)};
            assertEquals(
                    Arrays.stream(want).map(JsonNode::textValue).toList(),
                    Arrays.asList(
                            name.fullName(),
                            name.organization(),
                            name.basename(),
                            name.finetune(),
                            name.version(),
                            name.sizeLabel()),
                    row.get(0) + " with " + row.get(1) + " parameters");
            assertEquals(row.get(8).asText(), ModelName.title(row.get(0).asText()));
        }));
    }
}
