package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NightshiftTest {
    @TempDir
    Path folder;

    @Test
    void quantizesAndSaysSoInJson() throws IOException {
        CommandRun run = quantize("--to", "gguf:q4_k_m,gguf:Q8_0", "--json");
        assertEquals(0, run.exitCode(), run.err());
        JsonNode result = new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
        assertEquals(2, result.get("outputs").size());
        for (JsonNode output : result.get("outputs")) {
            Path file = Path.of(output.get("location").asText());
            assertEquals(output.get("bytes").asLong(), Files.size(file));
            assertEquals(
                    Fixtures.golden("llama-spm", output.get("target").asText().substring("gguf:".length())), Fixtures.sha256(file));
        }
    }

    @Test
    void warnsOfWhatAMatrixLacksOnTheTerminalAndInJson() throws IOException {
        Path matrix = Fixtures.imatrix("mixtral-moe");
        CommandRun run = quantize(
                "--to", "gguf:Q8_0", "--imatrix", matrix.toString(), "--include-weights", "attn", "--json");
        assertEquals(0, run.exitCode(), run.err());
        String warning = "the importance matrix " + matrix + " has no entry for blk.0.ffn_down.weight, ";
        assertTrue(run.err().contains("nightshift: warning: " + warning), run.err());
        JsonNode result = new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
        assertEquals(1, result.at("/outputs/0/warnings").size());
        assertTrue(result.at("/outputs/0/warnings/0").asText().startsWith(warning), result.toString());
    }

    @Test
    void printsThePlanAndMakesNothing() throws IOException {
        CommandRun run = quantize("--to", "gguf:Q4_K_M", "--dry-run");
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("blk.0.attn_v.weight"), run.out());
        assertTrue(run.out().contains("75 tensors"), run.out());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @Test
    void showsWhatAFileHolds() throws IOException {
        assertEquals(0, quantize("--to", "gguf:Q4_K_M").exitCode());
        Path file = folder.resolve("llama-spm-Q4_K_M.gguf");
        CommandRun table = CommandRun.of("inspect", file.toString());
        assertTrue(table.out().contains("llama.block_count"), table.out());
        JsonNode json = new ObjectMapper().readTree(CommandRun.of("inspect", file.toString(), "--json").out());
        assertEquals("llama", json.at("/metadata/general.architecture").asText());
        assertEquals(75, json.get("tensors").size());
        assertEquals("Q6_K", json.at("/tensors/0/type").asText());
        JsonNode source = new ObjectMapper()
                .readTree(CommandRun.of("inspect", Fixtures.model("llama-spm").toString(), "--json").out());
        assertEquals(75, source.get("tensors").size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--to gguf:Q9_K                              | unknown GGUF type 'Q9_K'",
                "--to onnx                                   | unknown format 'onnx'",
                "--to gguf:Q2_K_S                            | needs an importance matrix",
                "--to gguf:Q4_K_M --imatrix no/such/file     | no/such/file: there is no such file",
                "--to gguf:Q4_K_M --imatrix pom.xml          | pom.xml: no importance matrix",
                "--to gguf:Q4_K_M --exclude-weights attn_v   | --exclude-weights has no effect without --imatrix",
                "--to exl3:4.0                               | unknown format 'exl3'; give ",
                "--to gguf:Q4_K_M --tensor-type nothing=q8_0 | no tensor that can be quantized has such a name",
                "--to gguf:Q4_K_M --tensor-type attn_v       | give PATTERN=TYPE",
                "--to gguf:F16 --pure                        | --pure has no effect on F16",
                "--to gguf:Q4_K_M --part-size 1M             | object stores take no parts below 5M",
                "--to gguf:Q4_K_M --part-size big            | 'big' is not a size",
                "--to gguf:Q4_K_M --no-such-option           | --no-such-option",
            })
    void refusesInOneLine(String options, String message) throws IOException {
        CommandRun run = quantize(options.trim().split(" "));
        assertEquals(2, run.exitCode());
        assertTrue(run.err().startsWith("nightshift: "), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertFalse(run.err().contains("xception") || run.err().contains("\tat "), run.err());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @Test
    void refusesAFolderThatIsNotThere() {
        CommandRun run = CommandRun.of(
                "quantize", "--model", "/no/such/folder", "--to", "gguf:Q8_0", "--output", folder.toString());
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("/no/such/folder"), run.err());
    }

    @Test
    void refusesAnUnknownArchitecture() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("model"));
        Path config = model.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("LlamaForCausalLM", "NoSuchForCausalLM"));
        CommandRun run = CommandRun.of(
                "quantize", "--model", model.toString(), "--to", "gguf:Q8_0", "--output", folder + "/out");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("NoSuchForCausalLM") && run.err().contains(" llama,"), run.err());
    }

    @Test
    void refusesAnOutputThatCannotBeWritten() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the way");
        CommandRun run = CommandRun.of(
                "quantize", "--model", Fixtures.model("llama-spm").toString(), "--to", "gguf:Q8_0", "--output",
                file + "/out");
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(file.toString()), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
    }

    private CommandRun quantize(String... options) {
        List<String> arguments = new ArrayList<>(List.of(
                "quantize", "--model", Fixtures.model("llama-spm").toString(), "--output", folder.toString(),
                "--master", "local[2]"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
