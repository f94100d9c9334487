package io.nightshift.jobs.batch.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ManifestReaderTest {
    private static final String NIGHT = """
            output: s3a://quantized/2026-11-27/
            until: 06:00
            time-zone: Europe/Berlin
            models-at-once: 3
            defaults:
              targets: [gguf:Q4_K_M, awq, exl2:4.650]
              calibration: train.jsonl
              samples: 64
              evaluation: [held-out.txt]
              max-kld: 0.05
            models:
              - model: models/*
                priority: 5
              - model: models/qwen
                name: qwen-small
                targets:
                  - gguf-static
                  - {target: gguf:Q2_K, max-kld: 0.5, withhold: yes}
                stats: s3a://stats/qwen
                tensor-type: [a=q8_0, b=q6_k]
                pure: on
            """;

    private static Manifest read(String text) {
        return ManifestReader.read("night.yaml", text, KnownFiles.SOME);
    }

    private static List<String> targets(ManifestModel model) {
        return model.targets().stream().map(request -> request.target().text()).toList();
    }

    @Test
    void aVisionTowerIsMadeWithoutStatisticsAndHasNoGate() {
        String night = NIGHT.replace("[gguf:Q4_K_M, awq, exl2:4.650]", "[gguf:Q4_K_M, mmproj:f16]");
        ManifestModel llama = read(night).models().get(0);
        TargetRequest tower = llama.targets().get(1);
        assertEquals("llama/mmproj-llama-F16.gguf", llama.outputName(tower));
        assertEquals(false, tower.takesStatistics());
        assertEquals(Gate.NONE, tower.gate());
    }

    @Test
    void defaultsHoldUnlessAnEntrySaysOtherwise() {
        Manifest manifest = read(NIGHT);
        assertEquals("s3a://quantized/2026-11-27", manifest.output());
        assertEquals(3, manifest.modelsAtOnce());
        assertEquals(List.of("llama", "qwen-small"), manifest.inOrder().stream().map(ManifestModel::name).toList());
        ManifestModel llama = manifest.models().get(0);
        assertEquals(List.of("gguf:Q4_K_M", "awq", "exl2:4.65"), targets(llama));
        assertEquals(List.of("train.jsonl"), llama.values(ManifestKey.CALIBRATION));
        assertEquals(List.of("--samples=64"), llama.arguments(List.of(ManifestKey.SAMPLES, ManifestKey.PURE)));
        assertEquals(OptionalDouble.of(0.05), llama.targets().get(0).gate().maxDivergence());
    }

    @Test
    void aModelsOwnSourceOfStatisticsReplacesTheDefaults() {
        ManifestModel qwen = read(NIGHT).models().get(1);
        assertEquals(List.of(), qwen.values(ManifestKey.CALIBRATION));
        assertEquals(List.of(), qwen.values(ManifestKey.SAMPLES));
        assertEquals(
                List.of("--stats=s3a://stats/qwen", "--pure", "--tensor-type=a=q8_0", "--tensor-type=b=q6_k"),
                qwen.arguments(List.of(ManifestKey.STATS, ManifestKey.PURE, ManifestKey.TENSOR_TYPE, ManifestKey.SAMPLES)));
    }

    @Test
    void aTargetNamedByItselfTakesThePlaceOfThePresets() {
        ManifestModel qwen = read(NIGHT).models().get(1);
        assertEquals(14, qwen.targets().size());
        TargetRequest named = qwen.targets().get(0);
        assertEquals("gguf:Q2_K", named.target().text());
        assertTrue(named.gate().withhold());
        assertTrue(named.importance());
        assertFalse(qwen.targets().get(1).importance(), "static files have no matrix");
        assertEquals("mean KLD 0.6000 is over max-kld 0.5000", named.gate().failure(0.6, 10, 10));
        assertEquals("", named.gate().failure(0.4, 10, 10));
        assertFalse(named.gate().failure(Double.NaN, 10, 10).isEmpty(), "what cannot be told does not pass");
    }

    @Test
    void presetsAreThePublishersLists() {
        String start = "output: o\nmodels:\n- {model: models/llama, targets: ";
        ManifestModel fixed = read(start + "gguf-static}").models().get(0);
        assertEquals(13, fixed.targets().size());
        assertEquals(List.of("gguf:IQ3_XS of gguf-static is left out: it cannot be made without an importance matrix"),
                fixed.notes());
        assertEquals(21, read(start + "gguf-imatrix, imatrix: m.gguf}").models().get(0).targets().size());
        assertEquals(List.of("gguf:Q4_K_M", "awq", "exl2:4.65"),
                targets(read(start + "sweet-spot, stats: s}").models().get(0)));
    }

    @Test
    void jsonMeansTheSame() throws Exception {
        String yaml = "output: out\nmodels:\n- model: models/llama\n  targets: [gguf:Q8_0]\n  samples: 5\n"
                + "  calibration: train.jsonl\n  pure: true\n";
        String json = """
                {"output": "out",
                \t"models": [{"model": "models\\/llama", "targets": ["gguf:Q8_0"], "samples": 5,
                \t"calibration": "train.jsonl", "pure": true}]}""";
        ManifestModel ofYaml = read(yaml).models().get(0);
        ManifestModel ofJson = ManifestReader.read("night.json", json, KnownFiles.SOME).models().get(0);
        assertEquals(ofYaml.options(), ofJson.options());
        assertEquals(targets(ofYaml), targets(ofJson));
    }

    @Test
    void theDeadlineIsTheNextOneFromTheStart() {
        Deadline six = Deadline.parse("06:00", "Europe/Berlin");
        assertEquals(Instant.parse("2026-11-28T05:00:00Z"), six.after(Instant.parse("2026-11-27T21:00:00Z")));
        assertEquals(Instant.parse("2026-11-28T05:00:00Z"), six.after(Instant.parse("2026-11-28T04:59:59Z")));
        assertEquals(Instant.parse("2026-11-29T05:00:00Z"), six.after(Instant.parse("2026-11-28T05:00:00Z")));
        // The night in which clocks go forward has no half past two: the gap is jumped over.
        assertEquals(Instant.parse("2026-03-29T01:30:00Z"),
                Deadline.parse("02:30", "Europe/Berlin").after(Instant.parse("2026-03-28T22:00:00Z")));
        // 23:30 in YAML 1.1 is a number of minutes; here it is a time.
        assertEquals("23:30 UTC", read("output: o\nuntil: 23:30\ntime-zone: UTC\nmodels:\n"
                + "- {model: models/llama, targets: gguf:Q8_0}").until().orElseThrow().toString());
    }

    @Test
    void theExplanationSaysWhatIsMadeOfWhat() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ManifestExplanation.print(read(NIGHT), Instant.parse("2026-11-27T21:00:00Z"),
                new PrintStream(bytes, true, StandardCharsets.UTF_8));
        String text = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(text.startsWith("""
                night.yaml: 17 outputs of 2 models, to s3a://quantized/2026-11-27
                At most 3 models at once.
                Nothing starts that would not finish by Saturday 28 November 2026, 06:00 Europe/Berlin.

                1. llama (line 12, priority 5): models/llama
                   calibration: train.jsonl
                   samples: 64
                   evaluation: held-out.txt
                   gguf:Q4_K_M    llama/llama-Q4_K_M.gguf, with importance matrix, mean KLD at most 0.05, else marked
                """), text);
        assertTrue(text.contains("gguf:Q2_K      qwen-small/qwen-Q2_K.gguf, with importance matrix, mean KLD at most"
                + " 0.5, else withheld"), text);
        assertTrue(text.contains("gguf:Q3_K_S    qwen-small/qwen-Q3_K_S.gguf, without importance matrix"), text);
    }

    @Test
    void thePublishedSchemaIsTheReadersOwn() throws Exception {
        Path published = Path.of("..", "docs", "batch-manifest.schema.json");
        assertEquals(ManifestSchema.text(), Files.readString(published));
        JsonNode schema = new ObjectMapper().readTree(published.toFile());
        JsonNode model = schema.at("/properties/models/items/properties");
        for (ManifestKey key : ManifestKey.in(ManifestKey.Place.MODEL, ManifestKey.Place.SHARED)) {
            assertTrue(model.has(key.word()), key.word());
        }
    }
}
