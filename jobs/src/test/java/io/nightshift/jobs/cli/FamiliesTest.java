package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints of every family, quantized from the command line: the files are those of llama-quantize. */
class FamiliesTest {
    private static final String LEAVE_OUTPUT = "--leave-output-tensor";

    @TempDir
    Path folder;

    /** Types that are made in one job: those without options together, and one for each with options. */
    static Stream<Arguments> jobs() throws IOException {
        List<Arguments> jobs = new ArrayList<>();
        for (Path model : Fixtures.families()) {
            JsonNode digests = Fixtures.digests(model);
            Map<String, String> plain = new LinkedHashMap<>();
            digests.get("quantize").fields().forEachRemaining(
                    golden -> plain.put(golden.getKey(), golden.getValue().get("sha256").asText()));
            jobs.add(Arguments.of(model, "", plain));
            digests.path("quantize_options").fields().forEachRemaining(golden -> {
                String[] typeAndOptions = golden.getKey().split(" ", 2);
                if (typeAndOptions[1].equals(LEAVE_OUTPUT) && isTied(golden.getValue())) {
                    return;
                }
                String sha256 = golden.getValue().get("sha256").asText();
                jobs.add(Arguments.of(model, typeAndOptions[1], Map.of(typeAndOptions[0], sha256)));
            });
        }
        return jobs.stream();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("jobs")
    void theFilesAreThoseOfLlamaQuantize(Path model, String options, Map<String, String> expected) throws IOException {
        assertFalse(expected.isEmpty());
        CommandRun run = quantize(model, options, expected.keySet());
        assertEquals(0, run.exitCode(), run.err());
        Map<String, String> made = new LinkedHashMap<>();
        for (String type : expected.keySet()) {
            made.put(type, Fixtures.sha256(folder.resolve(model.getFileName() + "-" + type + ".gguf")));
        }
        assertEquals(expected, made);
    }

    private static boolean isTied(JsonNode golden) {
        return StreamSupport.stream(golden.get("tensors").spliterator(), false)
                .noneMatch(tensor -> tensor.get(0).asText().equals("output.weight"));
    }

    /** llama-quantize ignores it. */
    @Test
    void anOutputTensorThatIsNotThereCannotBeLeft() throws IOException {
        Path model = Fixtures.family("gemma-2-f16");
        CommandRun run = quantize(model, LEAVE_OUTPUT, Set.of("Q4_K_M"));
        assertEquals(2, run.exitCode());
        assertTrue(run.err().startsWith("nightshift: " + LEAVE_OUTPUT + ": the model has no output.weight"), run.err());
    }

    private CommandRun quantize(Path model, String options, Set<String> types) {
        String targets = types.stream().map(type -> "gguf:" + type).collect(Collectors.joining(","));
        List<String> arguments = new ArrayList<>(List.of(
                "quantize", "--model", model.toString(), "--to", targets, "--output", folder.toString(), "--master",
                "local[2]"));
        if (!options.isEmpty()) {
            arguments.addAll(List.of(options.split(" ")));
        }
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
