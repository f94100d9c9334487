package io.nightshift.jobs.batch.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.report.SampleNight;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import io.nightshift.jobs.storage.HadoopSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Where a document breaks the words of a schema that ours is written in. */
    private static void check(JsonNode schema, JsonNode value, String path, List<String> wrong) {
        if (schema.has("const") && !schema.get("const").equals(value)) {
            wrong.add(path + " is not " + schema.get("const"));
        }
        if (schema.has("enum")) {
            List<JsonNode> words = new ArrayList<>();
            schema.get("enum").forEach(words::add);
            if (!words.contains(value)) {
                wrong.add(path + " is no choice: " + value);
            }
        }
        if (schema.has("type") && !switch (schema.get("type").asText()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> value.isTextual();
        }) {
            wrong.add(path + " is no " + schema.get("type").asText());
        }
        if (schema.has("pattern") && !value.asText().matches(schema.get("pattern").asText())) {
            wrong.add(path + " has another form");
        }
        schema.path("required").forEach(key -> {
            if (!value.has(key.asText())) {
                wrong.add(path + "/" + key.asText() + " is missing");
            }
        });
        value.fields().forEachRemaining(field -> {
            JsonNode property = schema.path("properties").get(field.getKey());
            JsonNode others = schema.path("additionalProperties");
            if (property == null && !others.isObject()) {
                wrong.add(path + "/" + field.getKey() + " is no key");
            } else {
                check(property == null ? others : property, field.getValue(), path + "/" + field.getKey(), wrong);
            }
        });
        if (value.isArray() && schema.has("items")) {
            value.forEach(item -> check(schema.get("items"), item, path + "[]", wrong));
        }
    }

    @Test
    void theResultKeepsToThePublishedSchema() throws Exception {
        JsonNode schema = JSON.readTree(Path.of("..", "docs", "batch-result.schema.json").toFile());
        List<String> wrong = new ArrayList<>();
        check(schema, JSON.readTree(ResultFile.text(SampleNight.result())), "", wrong);
        assertEquals(List.of(), wrong);
    }

    @Test
    void itIsWrittenUnderTheRunAndAtTheTop(@TempDir Path folder) throws Exception {
        NightResult result = SampleNight.result();
        ResultFile.write(result, NightFiles.open(folder.toString(), new HadoopSettings(Map.of())));
        assertEquals(ResultFile.text(result), Files.readString(folder.resolve("result.json")));
        assertEquals(ResultFile.text(result), Files.readString(folder.resolve("runs/" + result.run() + "/result.json")));
    }

    @Test
    void whatIsWithheldHasNoLocation() throws Exception {
        JsonNode json = JSON.readTree(ResultFile.text(SampleNight.result()));
        boolean seen = false;
        for (JsonNode model : json.get("models")) {
            for (JsonNode output : model.get("outputs")) {
                boolean there = List.of("made", "complete", "over-gate").contains(output.get("status").asText());
                assertEquals(there, output.has("location"), output.toString());
                seen |= output.get("status").asText().equals("withheld");
            }
        }
        assertTrue(seen);
    }

    @Test
    void theStatusFollowsFromTheOutputs() {
        NightResult night = SampleNight.result();
        assertEquals(NightResult.Status.INCOMPLETE, night.status());
        assertEquals(NightResult.Status.COMPLETE, only(night, OutputStatus.COMPLETE).status());
        assertEquals(NightResult.Status.FAILED, only(night, OutputStatus.FAILED).status());
    }

    private static NightResult only(NightResult night, OutputStatus status) {
        List<OutputState> outputs = night.outputs().stream().filter(output -> output.status() == status).toList();
        return new NightResult(night.run(), night.started(), night.ended(), night.manifest(), night.output(),
                night.nightshift(), List.of(new NightResult.Model("a", "b", OptionalDouble.empty(), outputs)));
    }
}
