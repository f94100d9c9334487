package io.nightshift.jobs.exl2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.exl2.Exl2Folder;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest.Settings;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.CalibratedSample;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Exl2TargetTest {
    private static final String MODEL = Path.of("..", "samples", "tiny-llama").toString();
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());
    private static final RoundingOptions SCALED = new RoundingOptions(true, 3, true, RoundingOptions.DEFAULT_DAMPING);

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void calibrate() throws IOException {
        CalibratedSample.write(MODEL, shared, shared.resolve("stats"));
    }

    private static String stats() {
        return shared.resolve("stats").toString();
    }

    private static JsonNode json(String... arguments) throws IOException {
        CommandRun run = CommandRun.of(arguments);
        assertEquals(0, run.exitCode(), run.err());
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private JsonNode quantize(String output, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", MODEL, "--stats", stats(), "--output",
                folder.resolve(output).toString(), "--master", "local[2]", "--json"));
        arguments.addAll(List.of(options));
        return json(arguments.toArray(String[]::new));
    }

    private void refused(String message, String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("quantize", "--output", folder.resolve("refused").toString()));
        if (!List.of(options).contains("--model")) {
            arguments.addAll(List.of("--model", MODEL));
        }
        if (!List.of(options).contains("--stats")) {
            arguments.addAll(List.of("--stats", stats()));
        }
        arguments.addAll(List.of(options));
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertEquals(2, run.exitCode(), run.err());
        assertTrue(run.err().contains(message), run.err());
        assertEquals(List.of(), Fixtures.files(folder.resolve("refused")));
    }

    @Test
    void bitratesOfOneCommandAreMeasuredOnceAndReadBack() throws IOException {
        JsonNode made = quantize("out", "--to", "exl2:5,exl2:3.25", "--scales", "none");
        Path five = folder.resolve("out/tiny-llama-EXL2-5.0bpw");
        Path three = folder.resolve("out/tiny-llama-EXL2-3.25bpw");
        for (Path output : List.of(five, three)) {
            double asked = Double.parseDouble(output.toString().replaceAll(".*EXL2-|bpw", ""));
            long bits = 0;
            long weights = 0;
            JsonNode entries = json("inspect", output.toString(), "--json").get("tensors");
            for (JsonNode entry : entries) {
                if (entry.get("name").asText().contains("_proj.weight")) {
                    long size = entry.at("/shape/0").asLong() * entry.at("/shape/1").asLong();
                    weights += size;
                    bits += Math.round(entry.get("bitsPerWeight").asDouble() * size);
                }
            }
            double bitsPerWeight = (double) bits / weights;
            assertTrue(bitsPerWeight <= asked + 1e-6 && bitsPerWeight > asked - 0.1, bitsPerWeight + " for " + asked);
            Exl2Folder opened = Exl2Folder.open(new LocalFolder(output));
            assertEquals(29, opened.linears().size());
            JsonNode config = new ObjectMapper().readTree(output.resolve("config.json").toFile());
            assertEquals(asked, config.at("/quantization_config/bits").asDouble());
            assertEquals("exl2", config.at("/quantization_config/quant_method").asText());
            assertEquals(config.at("/quantization_config/calibration/rows").asInt(), 6);
            assertTrue(Files.exists(output.resolve("tokenizer.model")));
        }
        assertEquals(29, made.at("/outputs/0/linears").size());
        made.at("/outputs").forEach(output -> output.get("linears").forEach(linear -> assertTrue(
                linear.get("roundedLoss").asDouble() > 0
                        && linear.get("roundedLoss").asDouble() < linear.get("nearestLoss").asDouble(), linear.toString())));
        assertEquals(Files.readString(five.resolve("measurement.json")), Files.readString(three.resolve("measurement.json")));

        JsonNode evaluated = json("evaluate", "--model", MODEL, "--quantized", five + "," + three, "--data",
                shared.resolve("text.txt").toString(), "-c", "64", "--json");
        double ofFive = evaluated.at("/quantized/0/meanDivergence").asDouble();
        double ofThree = evaluated.at("/quantized/1/meanDivergence").asDouble();
        assertTrue(ofFive > 0 && ofFive < ofThree / 4, ofFive + " " + ofThree);
        CommandRun verified = CommandRun.of("verify", five.toString());
        assertEquals(0, verified.exitCode(), verified.err());
        assertTrue(verified.out().contains("EXL2, 29 quantized layers"), verified.out());
        // What is complete is not measured again, unless it is to be measured otherwise.
        assertTrue(quantize("out", "--to", "exl2:5", "--scales", "none").at("/outputs/0/skipped").asBoolean());
        assertFalse(quantize("out", "--to", "exl2:5", "--scales", "none", "--measure", "gram").at("/outputs/0/skipped")
                .asBoolean());
        assertFalse(quantize("out", "--to", "exl2:5", "--awq-grid", "2").at("/outputs/0/skipped").asBoolean());
    }

    @Test
    void aMeasurementSparesMeasuringAndMustBeOfTheModelAndItsScales() throws IOException {
        quantize("out", "--to", "exl2:4.5", "--scales", "none");
        Path measured = folder.resolve("out/tiny-llama-EXL2-4.5bpw/measurement.json");
        quantize("again", "--to", "exl2:4.5", "--scales", "none", "--measurement", measured.toString());
        Map<String, String> first = digests(folder.resolve("out/tiny-llama-EXL2-4.5bpw"));
        first.remove("measurement.json");
        assertEquals(first, digests(folder.resolve("again/tiny-llama-EXL2-4.5bpw")));
        CommandRun dry = CommandRun.of("quantize", "--model", MODEL, "--stats", stats(), "--to", "exl2:4.5", "--scales",
                "none", "--measurement", measured.toString(), "--dry-run", "--output", folder + "/dry");
        assertTrue(dry.err().contains("has no tokenizer.json, the only tokenizer that ExLlamaV2 reads"), dry.err());
        assertEquals(0, dry.exitCode(), dry.err());
        assertTrue(dry.out().contains("model.layers.3.mlp.down_proj"), dry.out());

        refused("is of a model with --scales none, but this one is made with --scales awq", "--to", "exl2:4.5",
                "--measurement", measured.toString());
        ObjectNode broken = (ObjectNode) new ObjectMapper().readTree(measured.toFile());
        ((ObjectNode) broken.get("measurement")).remove("model.layers.2.mlp");
        refused("block model.layers.2.mlp is missing", "--to", "exl2:4.5", "--scales", "none", "--measurement",
                write("missing.json", broken));
        ObjectNode unknown = (ObjectNode) new ObjectMapper().readTree(measured.toFile());
        ((ArrayNode) unknown.at("/measurement/model.layers.0.mlp/16/up_proj/bits")).set(0, 7);
        ((ObjectNode) unknown.at("/measurement/model.layers.0.mlp/16/up_proj/group_size")).put("7", 128);
        refused("with 7 bits does not fit a layer of 256 channels", "--to", "exl2:4.5", "--scales", "none", "--measurement",
                write("unknown.json", unknown));
        ObjectNode other = (ObjectNode) new ObjectMapper().readTree(measured.toFile());
        ((ObjectNode) ((ArrayNode) other.at("/measurement/model.layers.1.self_attn")).get(3)).put("total_bits", 7);
        refused("is of another model", "--to", "exl2:4.5", "--scales", "none", "--measurement", write("other.json", other));
        refused("there is no such file", "--to", "exl2:4.5", "--scales", "none", "--measurement", folder + "/none.json");
        refused("--measurement has no effect without --to exl2:BITS", "--to", "awq", "--measurement", measured.toString());
    }

    private String write(String name, JsonNode content) throws IOException {
        return Files.writeString(folder.resolve(name), content.toString()).toString();
    }

    @Test
    void whatCannotBeMadeIsRefusedBeforeAnythingStarts() throws IOException {
        refused("the smallest parameter sets take 2.", "--to", "exl2:2.1");
        refused("say how many bits a weight", "--to", "exl2");
        refused("say how many bits a weight", "--to", "exl2:8.5");
        refused("--head-bits 7: ExLlamaV2 has heads of [2, 3, 4, 5, 6, 8] bits", "--to", "exl2:4", "--head-bits", "7");
        refused("--rounding nearest is for other targets", "--to", "exl2:4", "--rounding", "nearest");
        refused("--head-bits has no effect without --to exl2:BITS", "--to", "awq", "--head-bits", "6");
        CommandRun without = CommandRun.of("quantize", "--model", MODEL, "--to", "exl2:4", "--output", folder + "/refused");
        assertEquals(2, without.exitCode());
        assertTrue(without.err().contains("needs statistics of the layers' inputs"), without.err());
        assertFalse(without.err().contains("--rounding nearest"), without.err());
    }

    @Test
    void propagationNeedsTheSequencesOfTheStatisticsAndIsForTargetsThatHaveIt() throws IOException {
        Path without = folder.resolve("without");
        Files.createDirectories(without);
        for (Path file : Fixtures.files(Path.of(stats()))) {
            if (!file.endsWith("tokens.safetensors")) {
                Path copy = without.resolve(Path.of(stats()).relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        refused("has no tokens.safetensors, the sequences that the rounded layers are run over", "--to", "exl2:4",
                "--propagate", "quantized", "--stats", without.toString());
        refused("--propagate quantized: --to gguf:Q2_K is always rounded for what the model's own layers produce", "--to",
                "exl2:4,gguf:Q2_K", "--rounding", "gptq", "--propagate", "quantized");
        // Beside a file that is rounded to nearest it is for the folder alone.
        CommandRun dry = CommandRun.of("quantize", "--model", MODEL, "--stats", stats(), "--to", "exl2:4,gguf:Q2_K",
                "--propagate", "quantized", "--dry-run", "--output", folder + "/dry");
        assertEquals(0, dry.exitCode(), dry.err());
    }

    private static Map<String, String> digests(Path made) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(made)) {
            digests.put(made.relativize(file).toString(), Fixtures.sha256(file));
        }
        return digests;
    }

    private static QuantizeRequest request(Path model, String stats, String output) {
        Exl2Target target = new Exl2Target(4, 6, BlockError.EXACT, Optional.empty(), SCALED, 1 << 16);
        return QuantizeRequest.of(model.toString(), List.of(target), output)
                .with(Settings.DEFAULT.withPartSize(5 << 20))
                .with(new StatisticsSource.Folder(stats));
    }

    @Test
    void theBytesAreTheSameOnAnyNumberOfCoresAndInAnObjectStore() throws Exception {
        Path model = Fixtures.family("llama-bias-sharded");
        Path stats = folder.resolve("stats");
        CalibratedSample.write(model.toString(), folder, stats);
        String name = "llama-bias-sharded-EXL2-4.0bpw";
        Map<String, String> expected = null;
        for (int cores : new int[] {1, 4}) {
            try (JavaSparkContext spark = SparkCluster.local(cores, Map.of())) {
                QuantizeRequest request = request(model, stats.toString(), folder.resolve("on" + cores).toString());
                QuantizeJob.plan(request, SETTINGS, Progress.NONE).run(spark);
            }
            Map<String, String> made = digests(folder.resolve("on" + cores).resolve(name));
            assertTrue(made.containsKey("config.json") && made.containsKey("model.safetensors.index.json"), made.toString());
            assertEquals(expected == null ? made : expected, made);
            expected = made;
        }
        try (S3Server s3 = S3Server.start(); JavaSparkContext spark = SparkCluster.local(2, s3.hadoopOptions())) {
            for (Path file : Fixtures.files(stats)) {
                s3.put("stats/" + stats.relativize(file), Files.readAllBytes(file));
            }
            QuantizeRequest remote = request(model, s3.location("stats"), s3.location("out")).with(Settings.DEFAULT);
            QuantizeJob.plan(remote, s3.settings(), Progress.NONE).run(spark);
            for (Map.Entry<String, String> file : expected.entrySet()) {
                assertEquals(file.getValue(),
                        Fixtures.sha256(s3.get("out/" + name + "/" + file.getKey())), file.getKey());
            }
            assertEquals(List.of(), s3.uploads());
        }
    }
}
