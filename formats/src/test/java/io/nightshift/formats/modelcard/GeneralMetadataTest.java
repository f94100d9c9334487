package io.nightshift.formats.modelcard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The general keys, against what gguf-py writes for the same folders (see model_card_cases.py). */
class GeneralMetadataTest {
    private static final ParameterCounts UNKNOWN = new ParameterCounts(0, 0, 0, 0);

    static Stream<JsonNode> cases() throws IOException {
        JsonNode cases =
                new ObjectMapper().readTree(GeneralMetadataTest.class.getResource("/metadata/model-cards.json"));
        return StreamSupport.stream(cases.spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void writesTheKeysOfTheConverter(JsonNode golden) throws IOException {
        Map<String, String> files = new TreeMap<>();
        golden.path("files").fields().forEachRemaining(file -> files.put(file.getKey(), file.getValue().asText()));
        JsonNode counts = golden.path("parameters");
        ParameterCounts parameters = new ParameterCounts(
                counts.get(0).asLong(), counts.get(1).asLong(), counts.get(2).asLong(), counts.get(3).asLong());
        GgufMetadata metadata = new GgufMetadata();
        GeneralMetadata.append(
                MemoryFolder.of(golden.path("name").asText(), files), parameters, metadata, warning -> {});

        List<String> got = new ArrayList<>();
        metadata.values().forEach((key, value) -> got.add(key + " " + text(value)));
        List<String> want = new ArrayList<>();
        golden.path("kv").forEach(entry -> want.add(entry.get(0).asText() + " " + text(entry)));
        assertEquals(String.join("\n", want), String.join("\n", got));
    }

    private static String text(JsonNode entry) {
        return switch (entry.get(1).asText()) {
            case "STRING" -> new GgufValue.Text(entry.get(2).asText()).toString();
            case "UINT32" -> new GgufValue.Uint32(entry.get(2).asLong()).toString();
            case "INT32" -> new GgufValue.Int32(entry.get(2).asInt()).toString();
            case "FLOAT32" -> new GgufValue.Float32((float) entry.get(2).asDouble()).toString();
            default -> StreamSupport.stream(entry.get(2).spliterator(), false)
                    .map(JsonNode::asText)
                    .toList()
                    .toString();
        };
    }

    private static String text(GgufValue value) {
        return value instanceof GgufValue.Texts texts
                ? texts.values().stream().map(text -> new String(text, StandardCharsets.UTF_8)).toList().toString()
                : value.toString();
    }

    @Test
    void ignoresFrontMatterThatIsNotYamlWithAWarning() throws IOException {
        List<String> warnings = new ArrayList<>();
        GgufMetadata metadata = new GgufMetadata();
        MemoryFolder folder = MemoryFolder.of("a-7B-v1", Map.of("README.md", "---\nlicense: [\n---\n"));
        GeneralMetadata.append(folder, UNKNOWN, metadata, warnings::add);
        assertEquals(1, warnings.size());
        assertTrue(warnings.get(0).contains("README.md"), warnings.get(0));
        assertEquals(new GgufValue.Text("A 7B v1"), metadata.get("general.name").orElseThrow());
    }

    @Test
    void leavesOutValuesThatAreNotTextWithAWarning() throws IOException {
        List<String> warnings = new ArrayList<>();
        GgufMetadata metadata = new GgufMetadata();
        MemoryFolder folder = MemoryFolder.of("a", Map.of("README.md", "---\nversion: 1.0\ntags: [x, 2]\n---\n"));
        GeneralMetadata.append(folder, UNKNOWN, metadata, warnings::add);
        assertEquals(2, warnings.size(), warnings.toString());
        assertTrue(metadata.get("general.version").isEmpty());
        assertEquals("[x]", text(metadata.get("general.tags").orElseThrow()));
    }

    @Test
    void refusesSamplingParametersOfAnotherType() {
        MemoryFolder folder = MemoryFolder.of("a", Map.of("generation_config.json", "{\"top_k\": \"many\"}"));
        InvalidModelException refusal = assertThrows(
                InvalidModelException.class,
                () -> GeneralMetadata.append(folder, UNKNOWN, new GgufMetadata(), warning -> {}));
        assertTrue(refusal.getMessage().contains("top_k"), refusal.getMessage());
    }

    @Test
    void leavesOutABrokenGenerationConfigurationWithAWarning() throws IOException {
        List<String> warnings = new ArrayList<>();
        MemoryFolder folder = MemoryFolder.of("a", Map.of("generation_config.json", "{"));
        GeneralMetadata.append(folder, UNKNOWN, new GgufMetadata(), warnings::add);
        assertTrue(warnings.get(0).contains("generation_config.json"), warnings.toString());
    }
}
