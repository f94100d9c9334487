package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints of recent families, quantized from the command line: the files are those of llama-quantize. */
class RecentFamiliesTest {
    @TempDir
    Path folder;

    static List<String> names() throws IOException {
        return GeneratedCheckpoint.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void theFilesAreThoseOfLlamaQuantize(String name) throws IOException {
        JsonNode golden = GeneratedCheckpoint.golden(name);
        Map<String, String> expected = new LinkedHashMap<>();
        golden.get("sha256").properties().forEach(entry -> expected.put(entry.getKey(), entry.getValue().asText()));
        Path model = GeneratedCheckpoint.write(name, folder);
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", model.toString(), "--to",
                expected.keySet().stream().map(type -> "gguf:" + type).collect(Collectors.joining(",")),
                "--output", folder.toString(), "--master", "local[2]"));
        if (golden.get("tokenizer").asText().equals("bpe")) {
            arguments.addAll(List.of("--pre-tokenizer", "qwen2"));
        }
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertEquals(0, run.exitCode(), run.err());
        Map<String, String> made = new LinkedHashMap<>();
        for (String type : expected.keySet()) {
            made.put(type, Fixtures.sha256(folder.resolve(name + "-" + type + ".gguf")));
        }
        assertEquals(expected, made);
    }
}
