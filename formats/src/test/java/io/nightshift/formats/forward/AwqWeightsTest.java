package io.nightshift.formats.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqFolder;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqQuantizedFormat;
import io.nightshift.formats.awq.WrittenFolder;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.ModelWeights.TensorShape;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AwqWeightsTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gemma-3-vision", "llama-bias-sharded", "mistral-f32", "mixtral-tied", "phi-3",
        "qwen3-moe", "qwen3-moe-fused"})
    void tensorsAreThoseOfTheCheckpointWithinARoundingStep(String family) throws IOException {
        Checkpoint checkpoint = family(family);
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights original = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        for (AwqFormat format : AwqFormat.values()) {
            ModelWeights weights = weights(model, checkpoint, new AwqOptions(format, 32, false, List.of()));
            int quantized = 0;
            for (String tensor : model.tensors().recipes().keySet()) {
                if (original.find(tensor).isEmpty()) {
                    continue;
                }
                float[] expected = read(original, tensor);
                float[] actual = read(weights, tensor);
                assertEquals(expected.length, actual.length);
                if (tensor.contains("blk.") && weights.get(tensor).type() == GgmlType.F32
                        && weights.get(tensor).rows() > 1 && !tensor.contains("ffn_gate_inp")) {
                    quantized++;
                    for (int i = 0; i < expected.length; i += 32) {
                        assertWithinAStep(tensor, expected, actual, i, i + 32);
                    }
                } else {
                    assertArrayEquals(expected, actual, tensor);
                }
            }
            assertTrue(quantized >= 4 * model.layers(), quantized + " tensors are quantized");
            assertTrue(weights.bytesRead() > 0);
        }
    }

    private static void assertWithinAStep(String tensor, float[] expected, float[] actual, int from, int to) {
        float low = 0;
        float high = 0;
        for (int i = from; i < to; i++) {
            low = Math.min(low, expected[i]);
            high = Math.max(high, expected[i]);
        }
        float step = Math.max(1e-5f, (high - low) / 15) * 1.05f;
        for (int i = from; i < to; i++) {
            assertEquals(expected[i], actual[i], step, tensor + ", weight " + i);
        }
    }

    @ParameterizedTest
    @EnumSource
    void partsOfTensorsAreTheSameAsTheWhole(AwqFormat format) throws IOException {
        Checkpoint checkpoint = family("qwen3-moe-fused");
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = weights(model, checkpoint, new AwqOptions(format, 32, false, List.of()));
        String tensor = "blk.1.ffn_up_exps.weight";
        TensorShape shape = weights.get(tensor);
        assertEquals(3 * 64, shape.rows());
        byte[] whole = new byte[(int) shape.rows() * shape.rowBytes()];
        weights.read(tensor, 0, shape.rows(), whole);
        byte[] part = new byte[100 * shape.rowBytes()]; // over three experts
        weights.read(tensor, 50, 150, part);
        assertArrayEquals(Arrays.copyOfRange(whole, 50 * shape.rowBytes(), 150 * shape.rowBytes()), part);
        assertThrows(IllegalArgumentException.class, () -> weights.read(tensor, 150, 193, whole));
    }

    @Test
    void logitsAreNearTheOriginalsAndNearerWithLayersLeftOut() throws IOException {
        Checkpoint checkpoint =
                Checkpoint.open(new LocalFolder(Path.of("../samples/tiny-llama")));
        DecoderModel model = DecoderModel.of(checkpoint);
        int[] tokens = new int[48];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = i == 0 ? 1 : 300 + 29 * i;
        }
        float[] original = logits(model, new CheckpointWeights(model.tensors().recipes(), checkpoint.folder()), tokens);
        float[] gemm = logits(model, weights(model, checkpoint, new AwqOptions(AwqFormat.GEMM, 32, false, List.of())),
                tokens);
        float[] leftOut = logits(model, weights(model, checkpoint,
                new AwqOptions(AwqFormat.GEMM, 32, false, List.of("layers.0", "layers.1", "layers.2", "self_attn"))),
                tokens);
        double rounded = distance(original, gemm);
        double less = distance(original, leftOut);
        assertTrue(0 < less && less < rounded && rounded < 0.2, less + " and " + rounded);
    }

    @Test
    void anotherModelsFolderIsRefused() throws IOException {
        Checkpoint llama = family("llama-3.1");
        AwqFolder folder = AwqFolder.open(WrittenFolder.of(
                llama, new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), 1 << 30).folder());
        DecoderModel other = DecoderModel.of(family("mistral-f32"));
        assertThrows(InvalidModelException.class,
                () -> new AwqQuantizedFormat().open(folder.folder(), "").weights(other.tensors()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gemma-3-vision", "llama-3.1", "mixtral-tied", "phi-3", "qwen2.5-yarn", "qwen3-moe"})
    void whatAFolderSaysOfItselfIsComparedWithTheOriginal(String name) throws IOException {
        Checkpoint original = family(name);
        for (AwqFormat format : AwqFormat.values()) {
            requireMadeOf(original, format, config -> { });
            assertDiffers(original, format, config -> config.put("num_attention_heads", 3),
                    "config.json: \"num_attention_heads\" is 3, but in the model " + original.folder().location());
            assertDiffers(original, format, config -> config.put("rms_norm_eps", 0.5), "\"rms_norm_eps\" is 0.5, but");
            assertDiffers(original, format, config -> config.remove("num_hidden_layers"), "num_hidden_layers");
            assertDiffers(original, format, config -> {
                config.remove(List.of("rope_parameters", "rope_scaling"));
                config.putObject("rope_scaling").put("rope_type", "linear").put("factor", 3.0);
            }, "rope");
        }
    }

    /** transformers 5 saves the base of the rotation among its parameters; folders for ExLlamaV2 have it elsewhere, too. */
    @Test
    void theBaseOfTheRotationMayStandInTwoPlaces() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String file : List.of("model.safetensors", "tokenizer.model", "tokenizer_config.json")) {
            Files.copy(FAMILIES.resolve("llama-3.1").resolve(file), model.resolve(file));
        }
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode config = (ObjectNode) mapper.readTree(FAMILIES.resolve("llama-3.1").resolve("config.json").toFile());
        config.remove(List.of("rope_theta", "rope_scaling"));
        config.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 100000.0);
        mapper.writeValue(model.resolve("config.json").toFile(), config);
        Checkpoint original = Checkpoint.open(new LocalFolder(model));
        requireMadeOf(original, AwqFormat.GEMM, written -> { });
        requireMadeOf(original, AwqFormat.GEMM, written -> written.put("rope_theta", 100000.0));
        assertDiffers(original, AwqFormat.GEMM, written -> written.put("rope_theta", 10000.0),
                "\"rope_theta\" is 10000.0, but in the model");
    }

    private static void assertDiffers(
            Checkpoint original, AwqFormat format, Consumer<ObjectNode> change, String message) {
        String refusal = assertThrows(InvalidModelException.class, () -> requireMadeOf(original, format, change))
                .getMessage();
        assertTrue(refusal.contains(message), refusal);
    }

    /** @param change of the values at the root, or of the text part's where there is one */
    private static void requireMadeOf(Checkpoint original, AwqFormat format, Consumer<ObjectNode> change)
            throws IOException {
        MemoryFolder folder =
                WrittenFolder.of(original, new AwqOptions(format, 32, false, List.of()), 1 << 30).folder();
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode config = (ObjectNode) mapper.readTree(folder.files().get("config.json"));
        change.accept(config.has("text_config") ? (ObjectNode) config.get("text_config") : config);
        folder.files().put("config.json", mapper.writeValueAsBytes(config));
        QuantizedFormats.open(folder, "").orElseThrow().requireMadeOf(original);
    }

    private static Checkpoint family(String name) throws IOException {
        return Checkpoint.open(new LocalFolder(FAMILIES.resolve(name)));
    }

    private static ModelWeights weights(DecoderModel model, Checkpoint checkpoint, AwqOptions options)
            throws IOException {
        return new AwqQuantizedFormat().open(WrittenFolder.of(checkpoint, options, 100_000).folder(), "")
                .weights(model.tensors());
    }

    private static float[] read(ModelWeights weights, String tensor) throws IOException {
        TensorShape shape = weights.get(tensor);
        byte[] bytes = new byte[Math.toIntExact(shape.rows() * shape.rowBytes())];
        weights.read(tensor, 0, shape.rows(), bytes);
        float[] floats = new float[Math.toIntExact(shape.rows() * shape.columns())];
        for (int row = 0; row < shape.rows(); row++) {
            Dequantizers.of(shape.type()).dequantize(
                    bytes, row * shape.rowBytes(), floats, row * shape.columns(), shape.columns());
        }
        return floats;
    }

    private static float[] logits(DecoderModel model, ModelWeights weights, int[] tokens) throws IOException {
        try (Workers workers = new Workers(1)) {
            return ForwardPass.logits(model, weights, tokens, new int[] {tokens.length}, workers);
        }
    }

    /** The difference's size against that of the first. */
    private static double distance(float[] first, float[] second) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < first.length; i++) {
            difference += Math.pow(first[i] - second[i], 2);
            size += Math.pow(first[i], 2);
        }
        return Math.sqrt(difference / size);
    }
}
