package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CalibrationCommandsTest {
    private static final String MODEL = Fixtures.model("llama-spm").toString();

    @TempDir
    Path folder;

    @Test
    void calibrateThenQuantizeThenEvaluate() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 300));
        String stats = folder.resolve("stats").toString();
        CommandRun calibrated = run("calibrate", "--data", text.toString(), "--output", stats, "--statistics",
                "imatrix",
                "--samples", "3", "--sequence-length", "64", "--json");
        assertEquals(0, calibrated.exitCode(), calibrated.err());
        JsonNode result = lastLine(calibrated);
        assertEquals(192, result.get("tokens").asLong());
        assertEquals(8, result.get("layers").size());
        assertTrue(result.get("tokensPerSecond").asDouble() > 0);
        assertEquals(1_181_696, result.at("/layers/5/executors/0/bytesRead").asLong());

        CommandRun quantized = run("quantize", "--stats", stats, "--to", "gguf:Q4_K_M", "--output", folder + "/one");
        assertEquals(0, quantized.exitCode(), quantized.err());
        CommandRun atOnce = run("quantize", "--calibration", text.toString(), "--samples", "3", "--sequence-length",
                "64",
                "--to", "gguf:Q4_K_M", "--output", folder + "/two");
        assertEquals(0, atOnce.exitCode(), atOnce.err());
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("stats/imatrix.gguf")),
                Files.readAllBytes(folder.resolve("two/llama-spm-calibration/imatrix.gguf")));
        Path file = folder.resolve("one/llama-spm-Q4_K_M.gguf");
        assertNotEquals(Fixtures.golden("llama-spm", "Q4_K_M"), Fixtures.sha256(file));

        CommandRun evaluated = run("evaluate", "--quantized", file.toString(), "--data", text.toString(), "-c", "64",
                "--parquet", folder + "/table", "--json");
        assertEquals(0, evaluated.exitCode(), evaluated.err());
        assertTrue(evaluated.out().contains("perplexity"), evaluated.out());
        double divergence = lastLine(evaluated).at("/quantized/0/meanDivergence").asDouble();
        assertTrue(divergence > 0 && divergence < 1, "divergence " + divergence);
        assertTrue(Files.isDirectory(folder.resolve("table")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "quantize --to gguf:Q8_0 --samples 3 | --samples has no effect without --calibration",
        "quantize --to gguf:Q8_0 --stats a --calibration b | --stats and --calibration exclude each other",
        "quantize --to gguf:Q8_0 --stats a --imatrix b | --stats and --imatrix exclude each other",
        "quantize --to gguf:Q8_0 --calibration a --dry-run | --dry-run runs no model",
        "quantize --to gguf:Q8_0 --stats /no/such/folder | /no/such/folder",
        "calibrate --data a --sequence-length 5000 | the model takes sequences of 2 to 2048 tokens",
        "calibrate --data a --packing other | give one of documents, llama-imatrix",
        "calibrate --data a --samples 0 | at least 1 is needed",
        "calibrate --data a --route-all-experts | has no experts",
        "calibrate --data /no/such/file.txt | /no/such/file.txt: there is no such file",
    })
    void refuseInOneLine(String options, String message) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        arguments.addAll(List.of("--output", folder.toString()));
        CommandRun run = run(arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().startsWith("nightshift: "), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertFalse(run.err().contains("xception") || run.err().contains("\tat "), run.err());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @Test
    void evaluateRefusesAContextBeyondTheModel() {
        CommandRun run = run("evaluate", "--data", "a", "-c", "4096");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("--context 4096: the model takes sequences of 2 to 2048 tokens"), run.err());
    }

    private static JsonNode lastLine(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private static CommandRun run(String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command, "--model", MODEL, "--master", "local[2]"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private static CommandRun run(String[] all) {
        return run(all[0], List.of(all).subList(1, all.length).toArray(String[]::new));
    }
}
