package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

class AwqCommandTest {
    private static final String MODEL = Path.of("..", "samples", "tiny-llama").toString();

    @TempDir
    Path folder;

    @Test
    void oneCalibrationServesGgufAndAwqAndEvaluateReadsBoth() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        String output = folder.resolve("out").toString();
        CommandRun made = run("quantize", "--calibration", text.toString(), "--samples", "6", "--sequence-length", "64",
                "--to", "awq:w4g64,gguf:Q4_K_M", "--awq-grid", "5", "--output", output, "--report", folder + "/report",
                "--json");
        assertEquals(0, made.exitCode(), made.err());
        JsonNode result = lastLine(made);
        assertEquals(28, result.at("/awq/linears").size());
        assertEquals(1, result.at("/outputs").size());
        assertTrue(result.at("/awq/linears/0/roundedLoss").asDouble() > 0, result.toString());
        assertTrue(made.out().contains("model.layers.0.mlp.down_proj"), made.out());
        assertTrue(Files.isDirectory(folder.resolve("report")));

        CommandRun plain = run("quantize", "--to", "awq:w4g64", "--scales", "none", "--rounding", "nearest", "--output",
                folder.resolve("plain").toString());
        assertEquals(0, plain.exitCode(), plain.err());
        CommandRun evaluated = run("evaluate", "--quantized", output + "/tiny-llama-AWQ," + folder + "/plain/tiny-llama-AWQ",
                "--data", text.toString(), "-c", "64", "--json");
        assertEquals(0, evaluated.exitCode(), evaluated.err());
        double ours = lastLine(evaluated).at("/quantized/0/meanDivergence").asDouble();
        double nearest = lastLine(evaluated).at("/quantized/1/meanDivergence").asDouble();
        assertTrue(ours > 0 && ours < 0.5 * nearest, ours + " against " + nearest);

        CommandRun again = run("quantize", "--stats", output + "/tiny-llama-calibration", "--to", "awq:w4g64", "--awq-grid",
                "5", "--output", output, "--json");
        assertEquals(0, again.exitCode(), again.err());
        assertTrue(lastLine(again).at("/awq/skipped").asBoolean(), again.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--to gguf:Q8_0 --scales awq | --scales awq needs statistics of the layers' inputs: give --calibration FILES or --stats",
        "--to gguf:Q8_0 --rounding gptq --imatrix a | --rounding gptq needs statistics",
        "--to gguf:Q8_0 --rounding nearest | --rounding has no effect on GGUF without",
        "--to gguf:Q8_0 --scales awq --damping 0.1 --stats a | --damping has no effect without --rounding gptq",
        "--to gguf:Q8_0 --scales awq --work a --stats a | --work has no effect without --rounding gptq",
        "--to gguf:Q8_0 --rounding gptq --stats a --exclude-weights b | --exclude-weights has no effect with --rounding gptq",
        "--to gguf:Q8_0 --symmetric | --symmetric has no effect without --to awq",
        "--to awq | give --calibration FILES or --stats FOLDER, or --scales none --rounding nearest",
        "--to awq --pure --stats a | --pure has no effect without --to gguf:TYPE",
        "--to awq --imatrix a --rounding nearest | --imatrix has no effect without --to gguf:TYPE",
        "--to awq --scales none --rounding nearest --calibration a | --calibration has no effect with --scales none",
        "--to awq --scales none --awq-grid 5 --stats a | --awq-grid has no effect without --scales awq",
        "--to awq --rounding nearest --damping 0.1 --stats a | --damping has no effect without --rounding gptq",
        "--to awq --damping 7 --stats a | --damping: a damping of 7.0: give 0 to 1",
        "--to awq --rounding up --stats a | --rounding up: give gptq or nearest",
        "--to awq:w4g64 --group-size 32 --stats a | --group-size 32, but --to awq:w4g64",
        "--to awq:w4g48 --scales none --rounding nearest | groups of 48 weights: give 32, 64, 128, or -1 for whole rows",
        "--to awq:w3 --stats a | AWQ has 4 bits and groups of 32, 64, 128 or -1",
        "--to awq,awq:w4g64 --stats a | several AWQ folders would have one name",
        "--to awq --awq-format gemv --scales none --rounding nearest | there is no AWQ format 'gemv'",
        "--to awq --modules-left-out no_proj --scales none --rounding nearest | --modules-left-out no_proj: no linear layer",
        "--to awq --modules-left-out q_proj --scales none --rounding nearest | fuse them into one matrix",
        "--to awq --stats /no/such/folder | /no/such/folder",
    })
    void refusesInOneLine(String options, String message) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        arguments.addAll(List.of("--output", folder.resolve("out").toString()));
        CommandRun run = run("quantize", arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertFalse(run.err().contains("xception") || run.err().contains("\tat "), run.err());
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    private static JsonNode lastLine(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private static CommandRun run(String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command, "--model", MODEL, "--master", "local[2]"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
