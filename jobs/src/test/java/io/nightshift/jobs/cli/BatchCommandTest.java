package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.lease.Lease;
import io.nightshift.jobs.batch.lease.LeaseException;
import io.nightshift.jobs.batch.lease.LeaseTerms;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import io.nightshift.jobs.batch.state.StateTable;
import io.nightshift.jobs.calibration.OutlierChannel;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.CommandProcess;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nights in miniature. */
class BatchCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path models;
    private Path output;

    @BeforeEach
    void name() {
        models = folder.resolve("models");
        output = folder.resolve("night");
    }

    private String manifest(String text) throws IOException {
        Path file = folder.resolve("night.yaml");
        Files.writeString(file, "output: " + output + "\n" + text);
        return file.toString();
    }

    private static CommandRun batch(String... arguments) {
        String[] all = new String[arguments.length + 3];
        System.arraycopy(new String[] {"batch", "--master", "local[2]"}, 0, all, 0, 3);
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return CommandRun.of(all);
    }

    private JsonNode result() throws IOException {
        return JSON.readTree(output.resolve("result.json").toFile());
    }

    private JsonNode output(String model, String target) throws IOException {
        for (JsonNode found : result().get("models")) {
            for (JsonNode made : found.get("outputs")) {
                if (found.get("name").asText().equals(model) && made.get("target").asText().equals(target)) {
                    return made;
                }
            }
        }
        throw new AssertionError(model + " " + target + " is not in the result");
    }

    /** What a rerun must not touch: every file of the outputs with its time. */
    private Map<String, FileTime> times(String model) throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        for (Path file : Fixtures.files(output.resolve(model))) {
            times.put(file.toString(), Files.getLastModifiedTime(file));
        }
        return times;
    }

    private static void truncate(Path model) throws IOException {
        Path second = model.resolve("model-00002-of-00002.safetensors");
        try (RandomAccessFile weights = new RandomAccessFile(second.toFile(), "rw")) {
            weights.setLength(weights.length() - 100);
        }
    }

    @Test
    void aBrokenModelStopsNoOtherAndARerunMakesItAlone() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("first"));
        Path broken = Fixtures.copy("llama-spm", models.resolve("broken"));
        Fixtures.retrained("llama-spm", models.resolve("last"));
        truncate(broken);
        String manifest = manifest("""
                defaults:
                  targets: [gguf:Q4_K_M, gguf:Q8_0]
                models:
                  - model: %s/*
                """.formatted(models));

        CommandRun dry = batch("--manifest", manifest, "--dry-run");
        assertEquals(1, dry.exitCode(), dry.err());
        assertTrue(dry.out().contains("broken") && dry.out().contains("cannot be made: "), dry.out());
        assertFalse(Files.exists(output));

        CommandRun night = batch("--manifest", manifest, "--run-id", "one", "--json");
        assertEquals(1, night.exitCode(), night.err());
        JsonNode printed = JSON.readTree(night.out().lines().reduce((a, b) -> b).orElseThrow());
        assertEquals(result(), printed);
        assertEquals(result(), JSON.readTree(output.resolve("runs/one/result.json").toFile()));
        assertEquals("incomplete", result().get("status").asText());
        String why = output("broken", "gguf:Q8_0").get("error").asText();
        assertTrue(why.contains("model-00002-of-00002.safetensors"), why);
        assertEquals("failed", output("broken", "gguf:Q4_K_M").get("status").asText());
        String page = Files.readString(output.resolve("report.html"));
        assertTrue(page.contains("model-00002-of-00002.safetensors"), "the report says what failed");
        for (String model : List.of("first", "last")) {
            CommandRun alone = CommandRun.of("quantize", "--master", "local[2]", "--model", models.resolve(model).toString(),
                    "--to", "gguf:Q4_K_M,gguf:Q8_0", "--output", folder.resolve("alone").toString());
            assertEquals(0, alone.exitCode(), alone.err());
            for (String type : List.of("Q4_K_M", "Q8_0")) {
                Path made = output.resolve(model + "/" + model + "-" + type + ".gguf");
                assertArrayEquals(Files.readAllBytes(folder.resolve("alone/" + made.getFileName())),
                        Files.readAllBytes(made));
                assertEquals("complete", output(model, "gguf:" + type).get("status").asText());
                assertEquals(Fixtures.sha256(made),
                        output(model, "gguf:" + type).get("sha256").get(made.getFileName().toString()).asText());
            }
            assertTrue(Files.readString(output.resolve(model + "/README.md")).contains("base_model_relation: quantized"));
        }
        assertFalse(Files.exists(output.resolve("broken/README.md")));
        assertEquals(0, CommandRun.of("verify", output.toString()).exitCode());

        Map<String, FileTime> before = times("first");
        Fixtures.files(broken).forEach(file -> file.toFile().delete());
        Fixtures.copy("llama-spm", broken);
        CommandRun again = batch("--manifest", manifest, "--run-id", "two");
        assertEquals(0, again.exitCode(), again.err() + again.out());
        assertEquals(before, times("first"));
        assertEquals("complete", result().get("status").asText());
        assertEquals("one", output("first", "gguf:Q8_0").get("run").asText());
        assertEquals("two", output("broken", "gguf:Q8_0").get("run").asText());
        assertEquals(List.of(), Fixtures.files(output.resolve(".nightshift/lease")));
    }

    @Test
    void outputsAreEvaluatedOnceAndThoseOverTheirGateAreTakenAway() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        Path text = Texts.write(folder.resolve("train.txt"), Texts.document(3, 300));
        Path held = Texts.write(folder.resolve("held-out.txt"), Texts.document(4, 300));
        String manifest = manifest("""
                models:
                  - model: %s/llama
                    targets: [{target: gguf:Q2_K, max-kld: 0.0000001, withhold: true}, gguf:Q8_0, awq:w4g32]
                    calibration: %s
                    samples: 3
                    sequence-length: 64
                    modules-left-out: mlp
                    evaluation: %s
                    context: 64
                    chunks: 2
                """.formatted(models, text, held));
        CommandRun night = batch("--manifest", manifest, "--run-id", "one");
        assertEquals(1, night.exitCode(), night.err());
        assertEquals("withheld", output("llama", "gguf:Q2_K").get("status").asText(), night.err());
        assertTrue(output("llama", "gguf:Q2_K").get("error").asText().contains("over max-kld"));
        assertFalse(Files.exists(output.resolve("llama/llama-Q2_K.gguf")));
        assertFalse(Files.exists(output.resolve("llama/llama-Q2_K.gguf.sha256")));
        assertEquals("complete", output("llama", "gguf:Q8_0").get("status").asText(), night.err());
        assertTrue(output("llama", "gguf:Q8_0").at("/quality/mean_kld").asDouble() > 0);
        assertEquals("complete", output("llama", "awq:w4g32").get("status").asText(), night.err());
        // Scales are searched, factors made and rows rounded by tasks that write nothing: on two cores, and never on more.
        double seconds = output("llama", "awq:w4g32").get("seconds").asDouble();
        double cores = output("llama", "awq:w4g32").get("core_seconds").asDouble();
        assertTrue(cores > 0.3 * seconds && cores <= 2 * seconds, cores + " in " + seconds);
        assertTrue(result().at("/models/0/original_perplexity").asDouble() > 1);
        assertFalse(Files.readString(output.resolve("llama/README.md")).contains("Q2_K"));
        Path table = Fixtures.files(output.resolve("llama")).stream()
                .filter(file -> file.endsWith("outliers.parquet")).findFirst().orElseThrow();
        OutlierChannel largest = OutlierChannel.read(Files.readAllBytes(table)).stream()
                .max(Comparator.comparingDouble(OutlierChannel::ratio)).orElseThrow();
        String page = Files.readString(output.resolve("report.html"));
        assertTrue(page.contains("<th>" + largest.input() + "<td>" + largest.channel() + "<td"), largest + "\n" + page);
        CommandRun verified = CommandRun.of("verify", output.toString());
        assertEquals(0, verified.exitCode(), verified.out());

        Map<String, FileTime> before = times("llama");
        JsonNode models = result().get("models");
        CommandRun again = batch("--manifest", manifest, "--run-id", "two");
        assertEquals(1, again.exitCode(), again.err());
        assertEquals(before, times("llama"));
        assertEquals(models, result().get("models"));
        assertFalse(again.err().contains("evaluating"), again.err());
    }

    /** A run that died between the rows and the original's perplexity left no measure for the gates of the next. */
    @Test
    void aGateWithoutTheOriginalsPerplexityIsMeasuredAnew() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        Path held = Texts.write(folder.resolve("held-out.txt"), Texts.document(4, 300));
        String manifest = manifest("""
                models:
                  - model: %s/llama
                    targets:
                      - {target: gguf:Q8_0, max-ppl-increase: 100, withhold: true}
                      - {target: gguf:Q2_K, max-ppl-increase: 0.0000001, max-kld: 0.0000001, withhold: true}
                    evaluation: %s
                    context: 64
                    chunks: 2
                """.formatted(models, held));
        assertEquals(1, batch("--manifest", manifest, "--run-id", "one").exitCode());
        JsonNode first = result();
        assertEquals("complete", output("llama", "gguf:Q8_0").get("status").asText());
        assertEquals("withheld", output("llama", "gguf:Q2_K").get("status").asText());
        Path memory = output.resolve(".nightshift/models/llama.json");
        ObjectNode remembered = (ObjectNode) JSON.readTree(memory.toFile());
        assertTrue(remembered.remove("original_perplexity").asDouble() > 1);
        JSON.writeValue(memory.toFile(), remembered);

        CommandRun again = batch("--manifest", manifest, "--run-id", "two");
        assertEquals(1, again.exitCode(), again.err());
        assertEquals("complete", output("llama", "gguf:Q8_0").get("status").asText(), again.err());
        assertEquals("withheld", output("llama", "gguf:Q2_K").get("status").asText(), again.err());
        assertTrue(Files.exists(output.resolve("llama/llama-Q8_0.gguf")), again.err());
        assertFalse(again.err().contains("NaN"), again.err());
        assertEquals(first.at("/models/0/original_perplexity"), result().at("/models/0/original_perplexity"));
        assertTrue(JSON.readTree(memory.toFile()).has("original_perplexity"));
    }

    /** That there is too little text is found out by the evaluation alone. */
    @Test
    void anOutputThatCannotBeEvaluatedKeepsItsFigures() throws Exception {
        Path model = Fixtures.copy("llama-spm", models.resolve("llama"));
        Path held = Texts.write(folder.resolve("held-out.txt"), "far too short");
        String manifest = manifest("models: [{model: " + model + ", targets: [gguf:Q8_0], evaluation: " + held
                + ", context: 64, chunks: 2}]\n");
        StateTable table = new StateTable(NightFiles.open(output.toString(), new HadoopSettings(Map.of())));
        CommandRun night = batch("--manifest", manifest, "--run-id", "one");
        assertEquals(1, night.exitCode(), night.err());
        OutputState first = table.read("llama", "gguf:Q8_0").orElseThrow();
        assertEquals(OutputStatus.FAILED, first.status());
        assertTrue(first.error().startsWith("made, but not evaluated: ") && first.seconds() > 0 && first.bytes() > 0,
                first.toString());
        assertFalse(output("llama", "gguf:Q8_0").has("location"));

        Texts.write(held, Texts.document(4, 300));
        CommandRun again = batch("--manifest", manifest, "--run-id", "two");
        assertEquals(0, again.exitCode(), again.err());
        OutputState evaluated = table.read("llama", "gguf:Q8_0").orElseThrow();
        assertEquals(OutputStatus.COMPLETE, evaluated.status());
        assertTrue(evaluated.quality().isPresent());
        assertEquals(List.of(first.seconds(), first.coreSeconds(), first.digests()),
                List.of(evaluated.seconds(), evaluated.coreSeconds(), evaluated.digests()));
    }

    @Test
    void anotherRunsOutputIsLeftAloneUntilTheRunIsTheSame() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        String manifest = manifest("models:\n  - model: " + models + "/llama\n    targets: gguf:Q8_0\n");
        NightFiles files = NightFiles.open(output.toString(), new HadoopSettings(Map.of()));
        try (Lease other = Lease.take(files, "other", LeaseTerms.USUAL)) {
            CommandRun refused = batch("--manifest", manifest, "--run-id", "mine");
            assertEquals(1, refused.exitCode());
            assertTrue(refused.err().contains("run other on "), refused.err());
            assertFalse(Files.exists(output.resolve("result.json")));
            CommandRun retry = batch("--manifest", manifest, "--run-id", "other");
            assertEquals(0, retry.exitCode(), retry.err());
            assertThrows(LeaseException.class, other::requireHeld);
        }
    }

    /** Another run takes the lease as soon as this one has it; what it found cannot be replaced by this one any more. */
    @Test
    void aRunThatLostItsLeaseWritesNoResult() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        String manifest = manifest("models:\n  - model: " + models + "/llama\n    targets: gguf:Q8_0\n");
        NightFiles files = NightFiles.open(output.toString(), new HadoopSettings(Map.of()));
        Thread thief = new Thread(() -> {
            try {
                while (files.read(".nightshift/lease/000000001.json").isEmpty()) {
                    Thread.sleep(2);
                }
                files.create(".nightshift/lease/000000002.json",
                        "{\"runId\": \"thief\", \"holder\": \"h\", \"host\": \"elsewhere\"}".getBytes(StandardCharsets.UTF_8));
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        thief.start();
        CommandRun run = batch("--manifest", manifest);
        thief.join();
        assertEquals(1, run.exitCode(), run.err());
        // The thief may come so early that the run notices it while it still takes the lease.
        assertTrue(run.err().contains("run thief on elsewhere does; nothing more is committed")
                || run.err().contains("another run took the output at the same moment"), run.err());
        assertFalse(Files.exists(output.resolve("result.json")));
        assertFalse(Files.exists(output.resolve("report.html")));
        assertTrue(Files.exists(output.resolve(".nightshift/lease/000000002.json")), "the thief's lease is left to it");
    }

    @Test
    void aNightFromAndToAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.startConditional()) {
            for (Path file : Fixtures.files(Fixtures.model("llama-spm"))) {
                s3.put("in/llama/" + file.getFileName(), Files.readAllBytes(file));
            }
            s3.put("night.yaml", ("output: " + s3.location("out") + "\ndefaults: {targets: [gguf:Q4_K_M, gguf-static]}\n"
                    + "models: [{model: \"" + s3.location("in/*/") + "\"}]\n").getBytes(StandardCharsets.UTF_8));
            s3.hadoopOptions().forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
            CommandRun night = batch("--manifest", s3.location("night.yaml"), "--run-id", "one");
            assertEquals(0, night.exitCode(), night.err());
            CommandRun alone = CommandRun.of("quantize", "--master", "local[2]", "--model", s3.location("in/llama"),
                    "--to", "gguf:Q4_K_M,gguf:Q3_K_L", "--output", folder.resolve("alone").toString());
            assertEquals(0, alone.exitCode(), alone.err());
            for (String name : List.of("llama-Q4_K_M.gguf", "llama-Q3_K_L.gguf")) {
                assertArrayEquals(Files.readAllBytes(folder.resolve("alone/" + name)), s3.get("out/llama/" + name));
            }
            assertArrayEquals(s3.get("out/runs/one/result.json"), s3.get("out/result.json"));
            assertTrue(s3.keys().containsAll(List.of("out/report.html", "out/llama/README.md",
                    "out/llama/llama-Q4_K_M.gguf.sha256", "out/state/llama/gguf-Q4_K_M.parquet")), s3.keys().toString());
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.contains("/lease/")).toList());
            assertEquals(List.of(), s3.uploads());
            byte[] card = s3.get("out/llama/README.md");
            CommandRun again = batch("--manifest", s3.location("night.yaml"), "--run-id", "two");
            assertEquals(0, again.exitCode(), again.err());
            assertArrayEquals(card, s3.get("out/llama/README.md"));
        } finally {
            System.getProperties().keySet().removeIf(key -> key.toString().startsWith("spark.hadoop."));
        }
    }

    /**
     * Killed when the first row of the state table is there, at the commit of its output; the retry of the same run need not
     * wait for the lease.
     */
    @Test
    void aDriverThatIsKilledIsStartedAgainAndEndsInTheSameBytes() throws Exception {
        List<String> names = List.of("one", "two", "three");
        for (String name : names) {
            Fixtures.copy("llama-spm", models.resolve(name));
        }
        String manifest = manifest("models-at-once: 1\nmodels: [{model: \"" + models + "/*\", targets: [gguf:Q4_K_M, awq],"
                + " scales: none, rounding: nearest, modules-left-out: mlp, group-size: 32,"
                + " evaluation: " + Texts.write(folder.resolve("held-out.txt"), Texts.document(4, 300))
                + ", context: 64, chunks: 1}]\n");
        StateTable table = new StateTable(NightFiles.open(output.toString(), new HadoopSettings(Map.of())));
        Process driver = CommandProcess.start(
                List.of("batch", "--manifest", manifest, "--master", "local[2]", "--run-id", "night"), Map.of(), folder);
        while (driver.isAlive() && table.read("one", "gguf:Q4_K_M").isEmpty()) {
            Thread.sleep(5);
        }
        driver.destroyForcibly().waitFor();
        assertFalse(Files.exists(output.resolve("result.json")), "it was killed before its end");
        assertEquals(1, Fixtures.files(output.resolve(".nightshift/lease")).size());
        OutputState first = table.read("one", "gguf:Q4_K_M").orElseThrow();
        assertEquals(OutputStatus.MADE, first.status());
        assertTrue(first.seconds() > 0 && first.coreSeconds() > 0 && first.quality().isEmpty(), first.toString());

        CommandRun retry = batch("--manifest", manifest, "--run-id", "night");
        assertEquals(0, retry.exitCode(), retry.err());
        OutputState evaluated = table.read("one", "gguf:Q4_K_M").orElseThrow();
        assertEquals(OutputStatus.COMPLETE, evaluated.status());
        assertTrue(evaluated.quality().isPresent());
        assertEquals(List.of(first.seconds(), first.coreSeconds(), first.digests()),
                List.of(evaluated.seconds(), evaluated.coreSeconds(), evaluated.digests()));
        assertTrue(retry.err().contains("is complete already"), retry.err());
        for (String name : names) {
            CommandRun alone = CommandRun.of("quantize", "--master", "local[2]", "--model", models.resolve(name).toString(),
                    "--to", "gguf:Q4_K_M,awq", "--scales", "none", "--rounding", "nearest", "--modules-left-out", "mlp",
                    "--group-size", "32", "--output", folder.resolve("alone/" + name).toString());
            assertEquals(0, alone.exitCode(), alone.err());
            for (Path file : Fixtures.files(folder.resolve("alone/" + name))) {
                Path made = output.resolve(folder.resolve("alone").relativize(file));
                if (!file.toString().contains("/.")) {
                    assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(made), made.toString());
                }
            }
        }
        assertEquals(0, CommandRun.of("verify", output.toString()).exitCode());
    }

    /** SIGTERM, such as of a pod that has to go: it is as if the driver had been killed, but for what it says. */
    @Test
    void aNightThatIsStoppedEntersNothingAsFailed() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        Path text = Texts.write(folder.resolve("train.txt"), Texts.document(3, 2000));
        String manifest = manifest("models: [{model: " + models + "/llama, targets: [awq:w4g32], calibration: " + text
                + ", samples: 64, sequence-length: 512}]\n");
        Process driver = CommandProcess.start(
                List.of("batch", "--manifest", manifest, "--master", "local[2]", "--run-id", "night"), Map.of(), folder);
        Path statistics = output.resolve("llama/llama-calibration");
        while (driver.isAlive() && !Files.exists(statistics)) {
            Thread.sleep(5);
        }
        driver.destroy();
        assertEquals(143, driver.waitFor());
        String said = Files.readString(folder.resolve("err"));
        assertTrue(said.contains("nightshift: interrupted; run it again to make what is missing"), said);
        assertFalse(said.contains("failed") || said.contains("\tat "), said);
        assertFalse(Files.exists(output.resolve("result.json")) || Files.exists(output.resolve("report.html")), said);
        assertFalse(Files.exists(output.resolve("state")), said);
        assertEquals(List.of(), Fixtures.files(output.resolve(".nightshift/lease")));
    }

    @Test
    void theManifestIsExplainedAndItsErrorsAreTold() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        String manifest = manifest("models:\n  - model: " + models + "/llama\n    targets: gguf-static\n");
        CommandRun explained = batch("--manifest", manifest, "--explain", "--until", "06:00");
        assertEquals(0, explained.exitCode(), explained.err());
        assertTrue(explained.out().contains("gguf:Q3_K_L"), explained.out());
        assertTrue(explained.out().contains("06:00"), explained.out());
        assertFalse(Files.exists(output));

        manifest = manifest("models:\n  - model: " + models + "/llama\n    targets: gguf:Q9\n    colour: red\n");
        CommandRun wrong = batch("--manifest", manifest);
        assertEquals(2, wrong.exitCode());
        assertEquals(2, wrong.err().lines().count(), wrong.err());
        assertTrue(wrong.err().lines().allMatch(line -> line.startsWith("nightshift: " + folder)), wrong.err());
        CommandRun none = batch("--manifest", folder + "/none.yaml");
        assertEquals(2, none.exitCode());
        assertEquals("nightshift: --manifest " + folder + "/none.yaml: there is no such file\n", none.err());
    }

    /** Options of statistics go to the job that takes them, those of a format to the jobs with one of its targets. */
    @Test
    void targetsWithAndWithoutStatisticsArePlannedTogether() throws Exception {
        Fixtures.copy("llama-spm", models.resolve("llama"));
        Fixtures.copy("llama-spm", models.resolve("plain"));
        Path text = Texts.write(folder.resolve("a, b.txt"), Texts.document(3, 300));
        String manifest = manifest("""
                defaults:
                  calibration: "%s"
                  samples: 3
                  sequence-length: 64
                models:
                  - {model: %s/llama, targets: [gguf-static, gguf:IQ4_NL, awq], group-size: 32, modules-left-out: mlp,
                     awq-grid: 5, token-embedding-type: q8_0}
                  - {model: %s/plain, targets: [gguf:Q2_K, gguf:Q4_K_M]}
                """.formatted(text, models, models));
        CommandRun dry = batch("--manifest", manifest, "--dry-run");
        assertEquals(0, dry.exitCode(), dry.err() + dry.out());
        assertTrue(dry.out().lines().anyMatch(line -> line.matches("llama +awq +[\\d.]+ \\w+ +[\\d.]+ +\\d+ *")), dry.out());
        assertEquals(14 + 2 + 2 + 3, dry.out().lines().count(), dry.out());
        assertTrue(dry.out().contains("core hours in all"), dry.out());
        assertFalse(Files.exists(output));
    }

    /** Phi-3 has its queries, keys and values in one matrix, which EXL2 does not take. */
    @Test
    void aTargetThatAModelCannotBecomeCostsNoneOfTheOthers() throws Exception {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(3, 300));
        String manifest = manifest("""
                defaults: {calibration: %s, samples: 3, sequence-length: 64, group-size: 32}
                models: [{model: %s, name: phi, targets: sweet-spot}]
                """.formatted(text, Fixtures.family("phi-3").toAbsolutePath()));
        CommandRun dry = batch("--manifest", manifest, "--dry-run");
        assertEquals(1, dry.exitCode());
        assertTrue(dry.out().lines().anyMatch(line -> line.matches("phi +exl2:4.65 +cannot be made: .*qkv_proj.*")), dry.out());
        CommandRun run = batch("--manifest", manifest);
        assertEquals(1, run.exitCode(), run.err());
        assertTrue(run.out().lines().anyMatch(line -> line.matches("phi +exl2:4.65 +failed .*qkv_proj.*")), run.out());
        assertTrue(Files.exists(output.resolve("phi/phi-3-Q4_K_M.gguf")), run.err());
        assertTrue(Files.exists(output.resolve("phi/phi-3-AWQ/config.json")), run.err());
    }

    @Test
    void optionsWithoutEffectAreRefused() throws Exception {
        String manifest = manifest("models: []\n");
        for (String idle : List.of("--json", "--run-id=a")) {
            CommandRun run = batch("--manifest", manifest, "--explain", idle);
            assertEquals(2, run.exitCode());
            assertTrue(run.err().contains(" has no effect with --explain"), run.err());
        }
    }
}
