package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        assertEquals(2, result.at("/outputs").size());
        assertEquals("awq:w4g64", result.at("/outputs/0/target").asText());
        assertEquals(28, result.at("/outputs/0/linears").size());
        assertEquals("gguf:Q4_K_M", result.at("/outputs/1/target").asText());
        assertTrue(result.at("/outputs/0/linears/0/roundedLoss").asDouble() > 0, result.toString());
        assertEquals(6, result.at("/calibration/sequences").asInt());
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
        assertTrue(lastLine(again).at("/outputs/0/skipped").asBoolean(), again.out());
    }

    @Test
    void oneCalibrationServesAwqAndScaledGgufFilesAndTheReportHasEachLayerOfEach() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        String output = folder.resolve("out").toString();
        List<String> rounding = List.of("--scales", "awq", "--rounding", "gptq", "--awq-grid", "3");
        List<String> options = new ArrayList<>(rounding);
        options.addAll(List.of("--calibration", text.toString(), "--samples", "6", "--sequence-length", "64", "--to",
                "awq:w4g64,gguf:Q4_K_M,gguf:IQ4_XS", "--output", output, "--report", folder + "/report", "--json"));
        CommandRun made = run("quantize", options.toArray(String[]::new));
        assertEquals(0, made.exitCode(), made.err());
        assertEquals(1, made.out().lines().filter(line -> line.contains("tokens in 6 sequences")).count(), made.out());
        JsonNode result = lastLine(made);
        assertEquals(28, result.at("/outputs/0/linears").size());
        assertEquals(30, result.at("/outputs/1/linears").size());
        assertEquals(30, result.at("/outputs/2/linears").size());
        Map<String, String> expected = digests(output);
        assertTrue(expected.keySet().containsAll(List.of("tiny-llama-Q4_K_M.gguf", "tiny-llama-IQ4_XS.gguf",
                "tiny-llama-AWQ/model.safetensors", "tiny-llama-AWQ/config.json")), expected.toString());

        for (String target : List.of("awq:w4g64", "gguf:IQ4_XS", "gguf:Q4_K_M")) {
            List<String> alone = new ArrayList<>(rounding);
            alone.addAll(List.of("--stats", output + "/tiny-llama-calibration", "--to", target, "--output",
                    folder.resolve("alone").toString()));
            CommandRun run = run("quantize", alone.toArray(String[]::new));
            assertEquals(0, run.exitCode(), run.err());
        }
        assertEquals(expected, digests(folder.resolve("alone").toString()));

        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            List<Row> rows = SparkSession.builder().config(spark.getConf()).getOrCreate()
                    .read().parquet(folder + "/report").collectAsList();
            assertEquals(28 + 2 * 30, rows.size());
            JsonNode linear = result.at("/outputs/2/linears/7");
            Row row = rows.stream()
                    .filter(each -> each.getAs("output").equals("tiny-llama-IQ4_XS.gguf"))
                    .filter(each -> each.getAs("module").equals(linear.get("module").asText()))
                    .findFirst().orElseThrow();
            assertEquals(linear.get("scaleRatio").asDouble(), row.<Double>getAs("scale_ratio"));
            assertEquals(linear.get("nearestLoss").asDouble(), row.<Double>getAs("loss_nearest"));
            assertEquals(linear.get("scaledLoss").asDouble(), row.<Double>getAs("loss_scaled"));
            assertEquals(linear.get("roundedLoss").asDouble(), row.<Double>getAs("loss_rounded"));
            assertEquals(linear.get("damping").asDouble(), row.<Double>getAs("damping"));
            assertTrue(rows.stream().allMatch(each -> each.<Double>getAs("loss_rounded") > 0), rows.toString());
        }
    }

    /** The outputs of a folder, but not the calibration and the records of commits. */
    private static Map<String, String> digests(String output) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(Path.of(output))) {
            String name = Path.of(output).relativize(file).toString();
            if (!name.startsWith(".") && !name.startsWith("tiny-llama-calibration")) {
                digests.put(name, Fixtures.sha256(file));
            }
        }
        return digests;
    }

    @Test
    void whatScalesAndRoundingOfAwqAloneMeanIsNoErrorForTheGgufBesideIt() {
        CommandRun run = run("quantize", "--to", "awq,gguf:Q4_K_M", "--scales", "none", "--rounding", "nearest", "--dry-run",
                "--output", folder.resolve("out").toString());
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("28 linear layers of integers, 11 tensors"), run.out());
        assertTrue(run.out().contains("blk.0.attn_q.weight"), run.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--to gguf:Q8_0 --scales awq | --scales awq needs statistics of the layers' inputs: give --calibration FILES or",
        "--to gguf:Q8_0 --rounding gptq --imatrix a | --rounding gptq needs statistics",
        "--to gguf:Q8_0 --rounding nearest | --rounding has no effect on these targets without",
        "--to gguf:Q8_0 --scales awq --damping 0.1 --stats a | --damping has no effect without --rounding gptq",
        "--to gguf:Q8_0 --scales awq --work a --stats a | --work has no effect without --rounding gptq",
        "--to gguf:Q8_0 --rounding gptq --stats a --exclude-weights b | --exclude-weights has no effect with --rounding gptq",
        "--to awq,gguf:Q8_0 --scales awq --stats a --include-weights b | --include-weights has no effect with --scales awq",
        "--to awq,gguf:Q8_0 --rounding gptq --calibration a --exclude-weights b | --exclude-weights has no effect with --ro",
        "--to awq,gguf:Q8_0 --rounding gptq --stats a --imatrix b | --imatrix has no effect with --rounding gptq",
        "--to awq,gguf:Q8_0 --stats a --imatrix b | --stats and --imatrix exclude each other",
        "--to awq,gguf:Q8_0 --stats a --scales none --awq-grid 5 | --awq-grid has no effect without --scales awq",
        "--to awq,gguf:Q8_0 --stats a --rounding nearest --damping 0.1 | --damping has no effect without --rounding gptq",
        "--to awq,gguf:Q8_0 --scales none --rounding nearest --work a | --work has no effect without --rounding gptq",
        "--to awq,gguf:Q8_0 --scales none --rounding nearest --report a | --report has no effect without --scales awq or",
        "--to gguf:Q8_0 --stats a --report a | --report has no effect without --scales awq or --rounding gptq",
        "--to gguf:Q8_0 --samples 5 | --samples has no effect without --calibration",
        "--to gguf:Q8_0 --scales awq --rounding gptq --stats a --packing documents | --packing has no effect without --cal",
        "--to gguf:Q8_0 --rounding gptq --stats a --awq-grid 5 | --awq-grid has no effect without --scales awq",
        "--to gguf:Q8_0 --symmetric | --symmetric has no effect without --to awq",
        "--to awq | give --calibration FILES or --stats FOLDER, or --scales none --rounding nearest",
        "--to awq --pure --stats a | --pure has no effect without --to gguf:TYPE",
        "--to awq --imatrix a --rounding nearest | --imatrix has no effect without --to gguf:TYPE",
        "--to awq --scales none --rounding nearest --calibration a | --calibration has no effect with --scales none",
        "--to awq --scales none --awq-grid 5 --stats a | --awq-grid has no effect without --scales awq",
        "--to awq --rounding nearest --damping 0.1 --stats a | --damping has no effect without --rounding gptq",
        "--to awq --rounding nearest --propagate quantized --stats a | --propagate has no effect without --rounding gptq",
        "--to gguf:Q8_0 --scales awq --propagate original --stats a | --propagate has no effect without --rounding gptq",
        "--to awq --propagate both --stats a | --propagate both: give quantized or original",
        "--to awq --damping 7 --stats a | --damping: a damping of 7.0: give 0 to 1",
        "--to awq --rounding up --stats a | --rounding up: give gptq or nearest",
        "--to awq:w4g64 --group-size 32 --stats a | --group-size 32, but --to awq:w4g64",
        "--to awq:w4g48 --scales none --rounding nearest | groups of 48 weights: give 32, 64, 128, or -1 for whole rows",
        "--to awq:w3 --stats a | AWQ has 4 bits and groups of 32, 64, 128 or -1",
        "--to awq,awq:w4g64 --scales none --rounding nearest | several targets would make tiny-llama-AWQ",
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

    /** The texts are real ones: nothing of them may be run before all targets are found to be possible. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--to gguf:IQ3_XXS --rounding gptq | --rounding gptq: blk.0.attn_q.weight of gguf:IQ3_XXS becomes IQ2_S, whose",
        "--to awq,gguf:IQ3_XXS --rounding gptq | --rounding gptq: blk.0.attn_q.weight of gguf:IQ3_XXS becomes IQ2_S",
        "--to gguf:Q4_K_M --tensor-type nothing=q8_0 | --tensor-type nothing: no tensor that can be quantized has such",
        "--to awq,gguf:F16 --tensor-type attn_v=q8_0 | --tensor-type has no effect on F16",
        "--to gguf:Q4_K_M --leave-output-tensor --output-tensor-type q8_0 | exclude each other",
        "--to gguf:Q4_K_M --exclude-weights nothing | --exclude-weights nothing: the importance matrix has no entry",
        "--to awq,gguf:Q4_K_M --modules-left-out no_proj | --modules-left-out no_proj: no linear layer",
        "--to awq,gguf:Q4_K_M --sequence-length 100000 | --sequence-length",
    })
    void whatCannotBeMadeIsRefusedBeforeTheModelIsRun(String options, String message) throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        List<String> arguments = new ArrayList<>(List.of(options.trim().split(" ")));
        arguments.addAll(List.of("--calibration", text.toString(), "--output", folder.resolve("out").toString()));
        CommandRun run = run("quantize", arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertFalse(run.err().contains("tokens/s"), run.err());
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    /** Tests may run as root, who may write everywhere: a file stands in the place of a folder. */
    @ParameterizedTest
    @ValueSource(strings = {"--output", "--work", "--report"})
    void aFolderThatCannotBeMadeIsAnErrorBeforeTheWork(String option) throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 600));
        String stats = folder.resolve("stats").toString();
        CommandRun calibrated = run("calibrate", "--data", text.toString(), "--samples", "1", "--sequence-length", "32",
                "--output", stats);
        assertEquals(0, calibrated.exitCode(), calibrated.err());
        String blocked = text + "/below";
        List<String> options = new ArrayList<>(List.of("--stats", stats, "--to", "gguf:Q4_0", "--rounding", "gptq", option,
                blocked));
        if (!option.equals("--output")) {
            options.addAll(List.of("--output", folder.resolve("out").toString()));
        }
        CommandRun run = run("quantize", options.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        String line = run.err().lines().filter(each -> each.startsWith("nightshift:")).findFirst().orElseThrow();
        assertTrue(line.contains(blocked + ": cannot be written: ") || line.contains(blocked + "/.nightshift-work: cannot"),
                line);
        assertTrue(line.endsWith("choose another output folder"), line);
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
