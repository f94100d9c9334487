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
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        assertEquals(8 * 192, result.at("/executors/0/tokens").asLong());
        assertTrue(result.at("/executors/0/tokensPerSecond").asDouble() > 0);
        assertTrue(calibrated.out().lines().anyMatch(line -> line.matches("5 +192 +\\d+ +1\\.18 MB")),
                calibrated.out());
        assertTrue(calibrated.out().lines().anyMatch(line -> line.matches("driver +1536 +\\d+ +9\\.45 MB")),
                calibrated.out());
        assertTrue(calibrated.out().contains("read 9.45 MB of weights"), calibrated.out());

        CommandRun quantized = run("quantize", "--stats", stats, "--to", "gguf:Q4_K_M", "--output", folder + "/one");
        assertEquals(0, quantized.exitCode(), quantized.err());
        CommandRun atOnce = run("quantize", "--calibration", text.toString(), "--samples", "3", "--sequence-length",
                "64",
                "--to", "gguf:Q4_K_M", "--output", folder + "/two");
        assertEquals(0, atOnce.exitCode(), atOnce.err());
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("stats/imatrix.gguf")),
                Files.readAllBytes(folder.resolve("two/llama-spm-calibration/imatrix.gguf")));
        CommandRun repeated = run("quantize", "--tokens", stats + "/tokens.safetensors", "--to", "gguf:Q4_K_M",
                "--output", folder + "/three");
        assertEquals(0, repeated.exitCode(), repeated.err());
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("stats/calibration.json")),
                Files.readAllBytes(folder.resolve("three/llama-spm-calibration/calibration.json")));
        Path file = folder.resolve("one/llama-spm-Q4_K_M.gguf");
        assertNotEquals(Fixtures.golden("llama-spm", "Q4_K_M"), Fixtures.sha256(file));

        CommandRun evaluated = run("evaluate", "--quantized", file.toString(), "--data", text.toString(), "-c", "64",
                "--parquet", folder + "/table", "--json");
        assertEquals(0, evaluated.exitCode(), evaluated.err());
        for (String column : List.of("perplexity", "mean KLD", "noise", "+/- is the standard error", " 99 %", "99.9 %",
                "same top", "of weights")) {
            assertTrue(evaluated.out().contains(column), evaluated.out());
        }
        for (String field : List.of("perplexity", "meanDivergence", "meanDivergenceError", "divergence99", "divergence999",
                "sameTop", "firstHalf/meanDivergence", "secondHalf/perplexity")) {
            assertTrue(lastLine(evaluated).at("/quantized/0/" + field).isNumber(), field);
        }
        double divergence = lastLine(evaluated).at("/quantized/0/meanDivergence").asDouble();
        assertTrue(divergence > 0 && divergence < 1, "divergence " + divergence);
        assertTrue(Files.isDirectory(folder.resolve("table")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "quantize --to gguf:Q8_0 --samples 3 | --samples has no effect without --calibration",
        "quantize --to gguf:Q8_0 --stats a --calibration b | --stats and --calibration exclude each other",
        "quantize --to gguf:Q8_0 --stats a --imatrix b | --stats and --imatrix exclude each other",
        "quantize --to gguf:Q8_0 --stats /no/such/folder | /no/such/folder",
        "calibrate --data a --sequence-length 5000 | the model takes sequences of 2 to 2048 tokens",
        "calibrate --data a --packing other | give one of documents, llama-imatrix",
        "calibrate --data a --samples 0 | at least 1 is needed",
        "calibrate --data a --route-all-experts | has no experts",
        "calibrate --data /no/such/file.txt | /no/such/file.txt: there is no such file",
        "calibrate | give texts with --data, or the tokens of an earlier calibration with --tokens",
        "calibrate --data a --tokens b | --data and --tokens exclude each other",
        "calibrate --tokens a --samples 3 | --samples has no effect with --tokens",
        "calibrate --tokens /no/such/file | /no/such/file: there is no such file",
        "quantize --to gguf:Q8_0 --calibration a --tokens b | --calibration and --tokens exclude each other",
        "quantize --to gguf:Q8_0 --stats a --tokens b | --stats and --tokens exclude each other",
        "quantize --to gguf:Q8_0 --tokens a --shuffle 1 | --shuffle has no effect with --tokens",
        "calibrate --tokens a --chat | --chat has no effect with --tokens",
        "quantize --to gguf:Q8_0 --chat | --chat has no effect without --calibration",
        "calibrate --data a --chat --packing llama-imatrix | --chat and --packing llama-imatrix exclude each other",
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
    void refuseDataTokenizersAndStatisticsThatDoNotFit() throws IOException {
        String blank = Texts.write(folder.resolve("blank.txt"), " \n\t\n").toString();
        assertRefused("no usable text", MODEL, "calibrate", "--data", blank);
        assertRefused("no usable text", MODEL, "calibrate", "--data", blank, "--packing", "llama-imatrix");
        String lines = Texts.writeJsonLines(folder.resolve("lines.jsonl"), List.of(Texts.document(1, 90))).toString();
        assertRefused("there is no column 'body' but [id, text]; name the one with the text with --text-column",
                MODEL, "calibrate", "--data", lines, "--text-column", "body");
        assertRefused("too few for a sequence of 512", MODEL, "calibrate", "--data", lines);

        Path foreign = Fixtures.copy("llama-spm", folder.resolve("foreign"));
        Files.writeString(foreign.resolve("tokenizer.json"), "{\"version\": \"1.0\", \"added_tokens\": [], \"model\":"
                + " {\"type\": \"WordLevel\", \"vocab\": {\"<unk>\": 9999}, \"unk_token\": \"<unk>\"}}");
        assertRefused("the tokenizer does not match the model: it gives the token 9999, and the model has 512",
                foreign.toString(), "calibrate", "--data", lines, "--sequence-length", "64");
        assertFalse(Files.exists(folder.resolve("out")));

        String stats = folder.resolve("stats").toString();
        CommandRun calibrated = run("calibrate", "--data", lines, "--output", stats, "--statistics", "imatrix",
                "--samples", "1", "--sequence-length", "64");
        assertEquals(0, calibrated.exitCode(), calibrated.err());
        String retrained = Fixtures.retrained("llama-spm", folder.resolve("retrained")).toString();
        String message = "these are the statistics of another model (llama-spm, digest ";
        assertRefused(message, retrained, "quantize", "--to", "gguf:Q4_K_M", "--stats", stats);
        assertRefused(message, retrained, "quantize", "--to", "gguf:Q4_K_M", "--stats", stats, "--dry-run");
        assertRefused(message, Fixtures.model("mixtral-moe").toString(), "quantize", "--to", "gguf:Q4_K_M", "--stats",
                stats);
        assertFalse(Files.exists(folder.resolve("out")));
    }

    private void assertRefused(String message, String model, String command, String... options) {
        List<String> arguments = new ArrayList<>(List.of(command, "--model", model, "--master", "local[2]", "--output",
                folder + "/out"));
        arguments.addAll(List.of(options));
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        List<String> lines = run.err().lines().filter(line -> !line.isBlank()).toList();
        assertEquals(1, lines.size(), run.err());
        assertTrue(lines.get(0).startsWith("nightshift: ") && lines.get(0).contains(message), run.err());
    }

    @Test
    void calibrateFromAndToAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            for (Path file : Fixtures.files(Path.of(MODEL))) {
                s3.put("in/llama-spm/" + file.getFileName(), Files.readAllBytes(file));
            }
            for (String name : List.of("a", "b")) {
                Path part = Texts.writeJsonLines(folder.resolve(name + ".jsonl"),
                        List.of(Texts.document(name.hashCode(), 90)));
                s3.put("corpus/" + name + ".jsonl", Files.readAllBytes(part));
            }
            s3.put("corpus/notes.txt", "not meant".getBytes(StandardCharsets.UTF_8));
            s3.hadoopOptions().forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
            CommandRun first = CommandRun.of("calibrate", "--model", s3.location("in/llama-spm"), "--master",
                    "local[2]", "--data", s3.location("corpus/*.jsonl"), "--output", s3.location("stats"), "--work",
                    s3.location("work"), "--samples", "4", "--sequence-length", "64");
            assertEquals(0, first.exitCode(), first.err());
            JsonNode manifest = new ObjectMapper().readTree(s3.get("stats/calibration.json"));
            assertEquals("[\"a.jsonl\",\"b.jsonl\"]", manifest.get("data").toString());
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.startsWith("work")).toList());
            assertEquals(List.of(), s3.uploads());

            // Again from the tokens, with nothing but the checkpoint of the hidden states in the store.
            s3.resetCounters();
            CommandRun second = CommandRun.of("calibrate", "--model", MODEL, "--master", "local[2]", "--tokens",
                    s3.location("stats/tokens.safetensors"), "--output", folder + "/local", "--work",
                    s3.location("work"));
            assertEquals(0, second.exitCode(), second.err());
            assertTrue(s3.bytesReceived() > 4 * 64 * 256 * Float.BYTES, s3.bytesReceived() + " bytes");
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.startsWith("work")).toList());
            for (String name : List.of("calibration.json", "layer-00007.safetensors", "output.safetensors")) {
                assertArrayEquals(s3.get("stats/" + name), Files.readAllBytes(folder.resolve("local/" + name)), name);
            }
        } finally {
            System.getProperties().keySet().removeIf(key -> key.toString().startsWith("spark.hadoop."));
        }
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
