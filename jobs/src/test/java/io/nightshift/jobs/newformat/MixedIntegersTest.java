package io.nightshift.jobs.newformat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A format that is one file of test sources and two registrations: everything that a command does with it works. */
class MixedIntegersTest {
    private static final String MODEL = Path.of("..", "samples", "tiny-llama").toString();
    private static final String FOLDER = "tiny-llama-w4w8";

    @TempDir
    Path folder;

    @Test
    void isCalibratedMeasuredChosenRoundedCommittedVerifiedReportedAndEvaluated() throws Exception {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        String output = folder.resolve("out").toString();
        JsonNode result = quantize(output, "--calibration", text.toString(), "--samples", "6", "--sequence-length", "64",
                "--to", "w4w8:6.0,gguf:Q4_K_M", "--awq-grid", "3", "--report", folder + "/report");
        JsonNode made = result.at("/outputs/0");
        assertEquals("w4w8:6.0", made.get("target").asText());
        assertEquals(28, made.get("linears").size());
        long four = count(made, "int4 g64");
        long eight = count(made, "int8 g64");
        assertEquals(28, four + eight);
        assertTrue(four > 3 && eight > 3, made.get("tensors").toString());
        made.get("linears").forEach(linear -> assertTrue(
                linear.get("roundedLoss").asDouble() > 0 && linear.get("measuredRows").asInt() > 0, linear.toString()));
        assertFalse(Fixtures.files(folder.resolve("report")).isEmpty());

        // What is measured chooses, and not the order of layers: with other bits other layers are wide.
        JsonNode narrow = quantize(folder.resolve("narrow").toString(), "--stats", output + "/tiny-llama-calibration", "--to",
                "w4w8:4.5", "--awq-grid", "3");
        assertTrue(count(narrow.at("/outputs/0"), "int8 g64") < eight);

        JsonNode evaluated = json("evaluate", "--model", MODEL, "--quantized",
                output + "/" + FOLDER + "," + folder + "/narrow/" + FOLDER + "," + output + "/tiny-llama-Q4_K_M.gguf",
                "--data", text.toString(), "-c", "64", "--json");
        double six = evaluated.at("/quantized/0/meanDivergence").asDouble();
        double lessThanFive = evaluated.at("/quantized/1/meanDivergence").asDouble();
        assertTrue(six > 0 && six < lessThanFive, six + " " + lessThanFive);
        assertTrue(lessThanFive < evaluated.at("/quantized/2/meanDivergence").asDouble() * 10, evaluated.toString());

        JsonNode shown = json("inspect", output + "/" + FOLDER, "--json");
        assertTrue(shown.get("tensors").size() > 2 * 28);
        assertTrue(quantize(output, "--stats", output + "/tiny-llama-calibration", "--to", "gguf:Q4_K_M")
                .at("/outputs/0/skipped").asBoolean());
        onS3(output);
    }

    private void onS3(String local) throws Exception {
        try (S3Server s3 = S3Server.start()) {
            for (Path file : Fixtures.files(Path.of(local + "/tiny-llama-calibration"))) {
                s3.put("stats/" + Path.of(local + "/tiny-llama-calibration").relativize(file),
                        Files.readAllBytes(file));
            }
            Map<String, String> before = new TreeMap<>();
            s3.hadoopOptions().forEach((key, value) -> {
                before.put("spark.hadoop." + key, System.getProperty("spark.hadoop." + key, ""));
                System.setProperty("spark.hadoop." + key, value);
            });
            try {
                quantize(s3.location("out"), "--stats", s3.location("stats"), "--to", "w4w8:6.0", "--awq-grid", "3");
            } finally {
                before.keySet().forEach(System::clearProperty);
            }
            for (Path file : Fixtures.files(Path.of(local, FOLDER))) {
                String name = Path.of(local).relativize(file).toString();
                assertEquals(Fixtures.sha256(file), Fixtures.sha256(s3.get("out/" + name)), name);
            }
            assertEquals(List.of(), s3.uploads());
        }
    }

    @Test
    void aBudgetThatFourBitsDoNotFitAndOptionsWithoutEffectAreRefusedBeforeTheModelIsRun() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        refused("--to w4w8:4.1: four bits and their scales take 4.25 bits a weight", "--to", "w4w8:4.1", "--calibration",
                text.toString());
        refused("--w4w8-left-out has no effect without --to w4w8:BITS", "--to", "gguf:Q8_0", "--w4w8-left-out", "q_proj");
        refused("needs statistics of the layers' inputs", "--to", "w4w8:6");
        CommandRun planned = CommandRun.of("quantize", "--model", MODEL, "--to", "w4w8:6,gguf:Q8_0", "--calibration",
                text.toString(), "--dry-run", "--output", folder.resolve("out").toString());
        assertEquals(0, planned.exitCode(), planned.err());
        assertTrue(planned.out().contains("28 units, 56 choices"), planned.out());
        assertTrue(planned.out().contains("Gram matrices (the model is run), scales, measuring each choice, factors"),
                planned.out());
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    private void refused(String message, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", MODEL, "--output",
                folder.resolve("out").toString()));
        arguments.addAll(List.of(options));
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    private static long count(JsonNode made, String type) {
        return StreamSupport.stream(made.get("tensors").spliterator(), false)
                .filter(tensor -> tensor.get("type").asText().equals(type))
                .count();
    }

    private static JsonNode quantize(String output, String... options) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("quantize", "--model", MODEL, "--output", output, "--master", "local[2]", "--json"));
        arguments.addAll(List.of(options));
        return json(arguments.toArray(String[]::new));
    }

    private static JsonNode json(String... arguments) throws IOException {
        CommandRun run = CommandRun.of(arguments);
        assertEquals(0, run.exitCode(), run.err());
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }
}
