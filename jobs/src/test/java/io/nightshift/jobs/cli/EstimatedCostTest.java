package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.quantize.EstimatedCost;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Estimates need headers alone. */
class EstimatedCostTest {
    @TempDir
    Path folder;

    private String text;

    @BeforeEach
    void text() throws IOException {
        text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 50)).toString();
    }

    private EstimatedCost cost(Path model, String... arguments) throws IOException {
        return QuantizeJob.plan(
                TargetSelection.parse(List.of(arguments)).request(model.toString(), folder + "/out", false),
                new HadoopSettings(Map.of()), Progress.NONE).cost();
    }

    private EstimatedCost calibrated(Path model, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--calibration", text));
        arguments.addAll(List.of(more));
        return cost(model, arguments.toArray(String[]::new));
    }

    /** One layer of a 7B model, all zeros. */
    private Path layer() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("layer"));
        int hidden = 4096;
        int feedForward = 11008;
        for (Path file : Fixtures.files(model)) {
            if (file.toString().endsWith(".safetensors") || file.toString().endsWith(".index.json")) {
                Files.delete(file);
            }
        }
        String config = Files.readString(model.resolve("config.json"));
        int vocabulary = Integer.parseInt(config.replaceAll("(?s).*\"vocab_size\": (\\d+).*", "$1"));
        Map<String, Integer> sizes = Map.of("hidden_size", hidden, "intermediate_size", feedForward,
                "num_hidden_layers", 1, "num_attention_heads", 32, "num_key_value_heads", 32);
        for (Map.Entry<String, Integer> size : sizes.entrySet()) {
            config = config.replaceAll("\"" + size.getKey() + "\": \\d+", "\"" + size.getKey() + "\": " + size.getValue());
        }
        Files.writeString(model.resolve("config.json"), config.replaceAll("\"head_dim\": \\d+", "\"head_dim\": 128"));
        StringBuilder header = new StringBuilder("{");
        long end = 0;
        end = add(header, "model.embed_tokens", end, vocabulary, hidden);
        end = add(header, "lm_head", end, vocabulary, hidden);
        end = add(header, "model.norm", end, hidden);
        for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
            end = add(header, "model.layers.0." + norm, end, hidden);
        }
        for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
            end = add(header, "model.layers.0.self_attn." + name, end, hidden, hidden);
        }
        end = add(header, "model.layers.0.mlp.gate_proj", end, feedForward, hidden);
        end = add(header, "model.layers.0.mlp.up_proj", end, feedForward, hidden);
        end = add(header, "model.layers.0.mlp.down_proj", end, hidden, feedForward);
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (RandomAccessFile file = new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
            file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
            file.write(json);
            file.setLength(8 + json.length + end);
        }
        return model;
    }

    private static long add(StringBuilder header, String module, long from, int... shape) {
        StringBuilder sizes = new StringBuilder();
        long elements = 1;
        for (int size : shape) {
            elements *= size;
            sizes.append(sizes.isEmpty() ? "" : ",").append(size);
        }
        long end = from + 2 * elements;
        header.append(header.length() > 1 ? "," : "").append("\"").append(module).append(".weight\":{\"dtype\":\"BF16\",")
                .append("\"shape\":[").append(sizes).append("],\"data_offsets\":[").append(from).append(',').append(end)
                .append("]}");
        return end;
    }

    /** The table of docs/performance.md, from which the rates are: 37 s, and 52 + 23 + 48 s. */
    @Test
    void aLayerOfA7BModelIsEstimatedAsItWasMeasured() throws IOException {
        EstimatedCost cost = calibrated(layer(), "--to", "awq", "--samples", "8", "--sequence-length", "512");
        assertEquals(37, cost.calibration().orElseThrow(), 0.1 * 37);
        assertEquals(123, cost.targets().get(0), 0.1 * 123);
    }

    @Test
    void whatTargetsShareIsCountedOnce() throws IOException {
        Path model = layer();
        double four = calibrated(model, "--to", "exl2:4.0").targets().get(0);
        double five = calibrated(model, "--to", "exl2:5.0").targets().get(0);
        EstimatedCost both = calibrated(model, "--to", "exl2:4.0,exl2:5.0");
        assertEquals(four, both.targets().get(0), 1e-9);
        assertTrue(both.targets().get(1) < five / 10, both + ", and alone " + five);
        double gram = calibrated(model, "--to", "exl2:4.0", "--measure", "gram").targets().get(0);
        assertTrue(gram < four / 2, gram + " with Gram matrices, else " + four);
    }

    @Test
    void calibrationIsByItsTokens() throws IOException {
        Path model = Fixtures.model("llama-spm");
        String[] target = {"--to", "awq", "--group-size", "32", "--modules-left-out", "mlp"};
        double few = calibrated(model, concat(target, "--samples", "8")).calibration().orElseThrow();
        double many = calibrated(model, concat(target, "--samples", "24")).calibration().orElseThrow();
        assertTrue(few > 0);
        assertEquals(3 * few, many, 1e-12);
        assertTrue(calibrated(model, concat(target, "--packing", "llama-imatrix")).calibration().isEmpty(),
                "all of the texts are taken");
        assertEquals(0, cost(model, "--to", "gguf:Q4_K_M").calibration().orElseThrow());
    }

    private static String[] concat(String[] first, String... second) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(List.of(second));
        return all.toArray(String[]::new);
    }
}
