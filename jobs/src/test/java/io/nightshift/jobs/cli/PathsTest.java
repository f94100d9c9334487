package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names with characters that mean something in a URI, a glob or a list: folders and files are found and made there. */
class PathsTest {
    private static final String TEXT = "the quick brown fox jumps over the lazy dog and runs away. ".repeat(60);

    @TempDir
    Path folder;

    /** Everything has the name in its path: model, data, output, work folder and report. */
    @ParameterizedTest
    @ValueSource(strings = {"^", "[1]", "a{b", "{x,y}", "%20", "100%", "a?b", "a*b", "#", "a,b", "a b", "a\\b", "ä é", "a+b&c=d", "x@y"})
    void anyCharacterMayBeInAPath(String name) throws IOException {
        Path all = Files.createDirectories(folder.resolve(name));
        Path model = Fixtures.copy(Fixtures.family("llama-3.1"), all.resolve("m" + name));
        Path data = Files.writeString(all.resolve("d" + name + ".txt"), TEXT);
        Path output = all.resolve("o" + name);
        CommandRun run = CommandRun.of("quantize", "--model", model.toString(), "--to", "gguf:Q4_0", "--output",
                output.toString(), "--calibration", data.toString(), "--sequence-length", "32", "--samples", "2", "--rounding",
                "gptq", "--work", all.resolve("w").toString(), "--report", all.resolve("r").toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
        List<String> made = new ArrayList<>(List.of("d" + name + ".txt", "m" + name, "o" + name, "r"));
        made.sort(null);
        assertEquals(made, names(all));
        assertEquals(List.of(name), names(folder));
        List<String> outputs = new ArrayList<>(List.of(".nightshift", "m" + name + "-Q4_0.gguf", "m" + name + "-calibration"));
        outputs.sort(null);
        assertEquals(outputs, names(output));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
