package io.nightshift.jobs.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.testing.CommandProcess;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.StandaloneCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A night in miniature: checkpoints in S3, all three formats of each, on a standalone master with two executors. Whatever
 * the night brings, the outputs are those of single runs, byte for byte.
 *
 * <p>A good checkpoint, two bad ones and one kill of the driver always; with {@code -Dnightshift.night=whole} eight
 * checkpoints of four families, five kills, and a rerun.
 */
class MiniatureNightTest {
    private static final boolean WHOLE = "whole".equals(System.getProperty("nightshift.night"));
    private static final List<String> GOOD = WHOLE
            ? List.of("gemma-2", "llama-3.1", "llama-bias-sharded", "mixtral-tied", "qwen2.5-yarn", "qwen3")
            : List.of("llama-3.1");
    private static final int KILLS = WHOLE ? 5 : 1;
    private static final List<String> TARGETS = List.of("gguf:Q4_K_M", "awq:w4g32", "exl2:4.5");
    private static final Map<String, String> OPTIONS = Map.of(
            "samples", WHOLE ? "4" : "2", "sequence-length", WHOLE ? "64" : "32", "awq-grid", WHOLE ? "4" : "2");
    private static final long TROUBLE_MILLIS = WHOLE ? 10_000 : 3_000;
    private static final long PATIENCE_MILLIS = 600_000;
    private static final int LONGEST_PAUSE_MILLIS = 3_000;
    private static final long SEED = 20261128;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    private static S3Server s3;
    private static StandaloneCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.startConditional();
        cluster = StandaloneCluster.start();
        s3.put("train.txt", Files.readAllBytes(Texts.write(folder.resolve("train.txt"), Texts.document(1, 800))));
        for (String name : GOOD) {
            upload(Fixtures.family(name), name);
        }
        upload(Fixtures.family("qwen3"), "truncated");
        byte[] weights = s3.get("in/truncated/model.safetensors");
        s3.put("in/truncated/model.safetensors", Arrays.copyOf(weights, weights.length - 100));
        upload(Fixtures.family("llama-3.1"), "unknown");
        s3.put("in/unknown/config.json", new String(s3.get("in/unknown/config.json"), StandardCharsets.UTF_8)
                .replace("LlamaForCausalLM", "NobodysForCausalLM").getBytes(StandardCharsets.UTF_8));
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
        s3.close();
    }

    private static void upload(Path model, String name) throws IOException {
        for (Path file : Fixtures.files(model)) {
            s3.put("in/" + name + "/" + file.getFileName(), Files.readAllBytes(file));
        }
    }

    /** What single runs make of each: at the same place, which GGUF files name. */
    private static Map<String, String> alone() {
        for (String name : GOOD) {
            Stream<String> command = Stream.of("quantize", "--master", "local[2]", "--model", s3.location("in/" + name),
                    "--to", String.join(",", TARGETS), "--calibration", s3.location("train.txt"), "--output",
                    s3.location("out/" + name));
            Stream<String> options = OPTIONS.entrySet().stream().map(option -> "--" + option.getKey() + "="
                    + option.getValue());
            CommandRun run = CommandRun.with(s3.hadoopOptions(), Stream.concat(command, options).toArray(String[]::new));
            assertEquals(0, run.exitCode(), run.err());
        }
        Map<String, String> made = outputs();
        assertTrue(made.size() > TARGETS.size() * GOOD.size(), made.toString());
        keys("out/").forEach(s3::delete);
        return made;
    }

    private static List<String> keys(String prefix) {
        return s3.keys().stream().filter(key -> key.startsWith(prefix)).toList();
    }

    /** Digests of all files of outputs: what a run says of itself beside them is another one's each time. */
    private static Map<String, String> outputs() {
        Map<String, String> digests = new TreeMap<>();
        keys("out/").stream()
                .filter(key -> key.matches("out/[^/]+/[^/]+(-Q4_K_M\\.gguf|-(AWQ|EXL2)[^/]*/.+)"))
                .forEach(key -> digests.put(key, Fixtures.sha256(s3.get(key))));
        return digests;
    }

    private static Process night(String run) throws IOException {
        StringBuilder defaults = new StringBuilder("targets: [" + String.join(", ", TARGETS) + "], calibration: "
                + s3.location("train.txt"));
        OPTIONS.forEach((option, value) -> defaults.append(", ").append(option).append(": ").append(value));
        s3.put("night.yaml", ("output: " + s3.location("out") + "\ndefaults: {" + defaults + "}\nmodels: [{model: \""
                + s3.location("in/") + "\"}]\n").getBytes(StandardCharsets.UTF_8));
        Map<String, String> properties = cluster.properties();
        s3.hadoopOptions().forEach((name, value) -> properties.put("spark.hadoop." + name, value));
        return CommandProcess.start(List.of("batch", "--manifest", s3.location("night.yaml"), "--master", cluster.master(),
                "--run-id", run), properties, folder);
    }

    private static int end(Process night) throws InterruptedException {
        if (!night.waitFor(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
            night.destroyForcibly();
            return -1;
        }
        return night.exitValue();
    }

    private interface Sign {
        boolean isThere();
    }

    private static void await(Process night, Sign sign) throws Exception {
        while (!sign.isThere()) {
            assertTrue(night.isAlive(), () -> "it ended too early: " + said());
            Thread.sleep(20);
        }
    }

    private static int rows() {
        return keys("out/state/").size();
    }

    private static String said() {
        try {
            return Files.readString(folder.resolve("err")) + Files.readString(folder.resolve("said"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode result() throws IOException {
        return JSON.readTree(s3.get("out/result.json"));
    }

    /** How often each status is in the result, and each run of an output that is there. */
    private static Map<String, Integer> counts() throws IOException {
        Map<String, Integer> counts = new TreeMap<>();
        for (JsonNode model : result().get("models")) {
            for (JsonNode output : model.get("outputs")) {
                counts.merge(output.get("status").asText() + " " + output.get("run").asText(), 1, Integer::sum);
            }
        }
        return counts;
    }

    private static void assertVerified() {
        CommandRun verified = CommandRun.with(s3.hadoopOptions(), "verify", s3.location("out"));
        assertEquals(0, verified.exitCode(), verified.out() + verified.err());
    }

    @Test
    void whateverANightBringsGoodOutputsAreThoseOfSingleRuns() throws Exception {
        Map<String, String> alone = alone();
        Random random = new Random(SEED);
        for (int i = 0; i < KILLS; i++) {
            int rows = i * TARGETS.size() * GOOD.size() / KILLS;
            Process night = night("one");
            await(night, () -> rows() >= rows && !cluster.executors(night).isEmpty());
            Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
            night.destroyForcibly().waitFor();
            assertFalse(s3.keys().contains("out/result.json"), "it was killed before its end");
        }
        Process night = night("one");
        // By now those of the driver before it, which workers start again and again, have been given up.
        await(night, () -> said().contains("searching scales") && !cluster.executors(night).isEmpty());
        s3.trouble(true);
        cluster.executors(night).get(0).destroyForcibly();
        Thread.sleep(TROUBLE_MILLIS);
        s3.trouble(false);
        assertEquals(1, end(night), said());
        assertTrue(s3.refused() > 0, "nobody noticed the trouble");
        assertEquals(Map.of("complete one", TARGETS.size() * GOOD.size(), "failed one", TARGETS.size() * 2), counts(), said());
        assertEquals(alone, outputs());
        assertEquals(List.of(), s3.uploads());
        String page = new String(s3.get("out/report.html"), StandardCharsets.UTF_8);
        assertTrue(page.contains("NobodysForCausalLM") && page.contains("model.safetensors"), "the report says what failed");
        assertVerified();
        if (WHOLE) {
            assertARerunMakesWhatFailedAlone();
        }
    }

    private static void assertARerunMakesWhatFailedAlone() throws Exception {
        Map<String, Instant> before = s3.times("out/");
        upload(Fixtures.family("qwen3"), "truncated");
        assertEquals(1, end(night("two")), said());
        assertEquals(Map.of("complete one", TARGETS.size() * GOOD.size(), "complete two", TARGETS.size(), "failed two",
                TARGETS.size()), counts(), said());
        Map<String, Instant> after = s3.times("out/");
        for (String name : GOOD) {
            before.forEach((key, time) -> {
                if (key.startsWith("out/" + name + "/")) {
                    assertEquals(time, after.get(key), key);
                }
            });
        }
    }
}
