package io.nightshift.formats.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufWeights;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWeightsTest {
    private static final int[] TOKENS = {5, 17, 200, 3, 99, 100, 101, 42, 7, 8, 250, 31};
    private static final int[] LENGTHS = {7, 5};

    /** Rows that llama.cpp interleaves go back to their places, stacked experts and fused projections likewise. */
    @ParameterizedTest
    @ValueSource(strings = {"llama-3.1", "llama-bias-sharded", "mistral-f32", "mixtral-tied", "qwen2.5-yarn",
        "qwen3-moe", "qwen3-moe-fused", "gemma-2", "gemma-3-text", "phi-3", "phi-4-mini"})
    void theSameWeightsGiveTheSameBits(String name) throws IOException {
        Checkpoint checkpoint = family(name);
        DecoderModel model = DecoderModel.of(checkpoint);
        float[] expected = logits(model, new CheckpointWeights(model.tensors().recipes(), checkpoint.folder()));
        MemoryFolder copy = GgufCopy.of(checkpoint, GgmlType.F32, any -> true);
        QuantizedFormats.open(copy, GgufCopy.NAME).orElseThrow().requireMadeOf(checkpoint);
        assertArrayEquals(expected, logits(model, weights(model, copy)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-3.1", "gemma-2-f16"})
    void quantizedWeightsGiveSimilarLogits(String name) throws IOException {
        Checkpoint checkpoint = family(name);
        DecoderModel model = DecoderModel.of(checkpoint);
        float[] expected = logits(model, new CheckpointWeights(model.tensors().recipes(), checkpoint.folder()));
        float[] found = logits(model, weights(model, GgufCopy.of(checkpoint, GgmlType.Q8_0, any -> true)));
        double error = 0;
        double energy = 0;
        for (int i = 0; i < expected.length; i++) {
            error += Math.pow(found[i] - expected[i], 2);
            energy += Math.pow(expected[i], 2);
        }
        assertTrue(error > 0 && error < 1e-3 * energy, name + ": relative error " + error / energy);
    }

    @Test
    void partsOfInterleavedRowsAreThoseOfTheWhole() throws IOException {
        Checkpoint checkpoint = family("llama-3.1");
        DecoderModel model = DecoderModel.of(checkpoint);
        GgufWeights weights = weights(model, GgufCopy.of(checkpoint, GgmlType.F32, any -> true));
        String tensor = "blk.1.attn_q.weight";
        int rowBytes = weights.get(tensor).rowBytes();
        byte[] whole = new byte[(int) weights.get(tensor).rows() * rowBytes];
        weights.read(tensor, 0, weights.get(tensor).rows(), whole);
        byte[] part = new byte[90 * rowBytes];
        weights.read(tensor, 50, 140, part);
        assertArrayEquals(Arrays.copyOfRange(whole, 50 * rowBytes, 140 * rowBytes), part);
        long headsAround = 192L * rowBytes;
        assertTrue(weights.bytesRead() <= whole.length + headsAround, "heads around the rows, and no more");
        assertThrows(IllegalArgumentException.class, () -> weights.read(tensor, 0, 10_000, whole));
    }

    @Test
    void filesOfOtherModelsAreRefused() throws IOException {
        Checkpoint checkpoint = family("llama-3.1");
        DecoderModel model = DecoderModel.of(checkpoint);
        assertRefused(model, GgufCopy.of(family("qwen3"), GgmlType.F32, any -> true), "is of the architecture 'qwen3'");
        assertRefused(model, GgufCopy.of(family("mistral-f32"), GgmlType.F32, any -> true), "is of shape");
        assertRefused(model, GgufCopy.of(checkpoint, GgmlType.F32, name -> !name.equals("blk.1.ffn_up.weight")),
                "tensor blk.1.ffn_up.weight is missing");
    }

    @Test
    void whatAFileSaysOfItselfIsComparedWithTheOriginal() throws IOException {
        Checkpoint checkpoint = family("llama-3.1");
        // Values that loaders know without the file, and other types of the same numbers.
        requireMadeOf(checkpoint, metadata -> metadata.remove("llama.vocab_size")
                .remove("llama.rope.dimension_count")
                .set("llama.block_count", new GgufValue.Int32(2)));
        String other = ", but in the model " + checkpoint.folder().location() + " it is ";
        assertDiffers(checkpoint, metadata -> metadata.uint32("llama.block_count", 0),
                "llama.block_count is 0" + other + "2");
        assertDiffers(checkpoint, metadata -> metadata.uint32("llama.attention.head_count", 3),
                "llama.attention.head_count is 3" + other);
        assertDiffers(checkpoint, metadata -> metadata.float32("llama.rope.freq_base", 10_001),
                "llama.rope.freq_base is 10001.0" + other);
        assertDiffers(checkpoint, metadata -> metadata.remove("llama.rope.freq_base"),
                "llama.rope.freq_base is 10000.0" + other);
        assertDiffers(checkpoint, metadata -> metadata.uint32("llama.context_length", 7),
                "llama.context_length is 7" + other);
        assertDiffers(checkpoint, metadata -> metadata.float32("llama.attention.layer_norm_rms_epsilon", Float.NaN),
                "llama.attention.layer_norm_rms_epsilon is NaN" + other);
        assertDiffers(checkpoint, metadata -> metadata.remove("llama.attention.layer_norm_rms_epsilon"),
                "llama.attention.layer_norm_rms_epsilon is missing" + other);
        assertDiffers(checkpoint, metadata -> metadata.text("llama.rope.scaling.type", "yarn"),
                "llama.rope.scaling.type is yarn" + other + "missing");
        assertDiffers(checkpoint, metadata -> metadata.remove("general.architecture"),
                "memory/model.gguf: general.architecture is missing");
    }

    @Test
    void theFactorsOfTheRotationAreThoseOfTheConfiguration() throws IOException {
        Checkpoint checkpoint = family("llama-3.1");
        MemoryFolder without = GgufCopy.of(checkpoint, GgmlType.F32, name -> !name.equals("rope_freqs.weight"));
        assertTrue(refusal(checkpoint, without).contains("tensor rope_freqs.weight is missing"));
        MemoryFolder copy = GgufCopy.of(checkpoint, GgmlType.F32, any -> true);
        GgufFile file = GgufFile.read(copy, copy.find(GgufCopy.NAME).orElseThrow());
        long offset = file.header().tensors().stream()
                .filter(tensor -> tensor.name().equals("rope_freqs.weight"))
                .findFirst().orElseThrow().offset();
        copy.files().get(GgufCopy.NAME)[(int) (file.dataOffset() + offset) + 7] ^= 1;
        assertTrue(refusal(checkpoint, copy).contains("tensor rope_freqs.weight: value 1 is "));
    }

    private static void assertDiffers(Checkpoint checkpoint, UnaryOperator<GgufMetadata> change, String message) {
        String refusal = assertThrows(InvalidModelException.class, () -> requireMadeOf(checkpoint, change)).getMessage();
        assertTrue(refusal.contains(message), refusal);
    }

    private static void requireMadeOf(Checkpoint checkpoint, UnaryOperator<GgufMetadata> change) throws IOException {
        MemoryFolder copy = GgufCopy.of(checkpoint, GgmlType.F32, any -> true, change);
        QuantizedFormats.open(copy, GgufCopy.NAME).orElseThrow().requireMadeOf(checkpoint);
    }

    private static String refusal(Checkpoint checkpoint, MemoryFolder copy) {
        return assertThrows(InvalidModelException.class,
                () -> QuantizedFormats.open(copy, GgufCopy.NAME).orElseThrow().requireMadeOf(checkpoint)).getMessage();
    }

    private static void assertRefused(DecoderModel model, ModelFolder folder, String message) {
        InvalidModelException refusal = assertThrows(InvalidModelException.class, () -> weights(model, folder));
        assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
    }

    private static GgufWeights weights(DecoderModel model, ModelFolder folder) throws IOException {
        return new GgufWeights(model.tensors(), folder, GgufFile.read(folder, folder.find(GgufCopy.NAME).orElseThrow()));
    }

    private static float[] logits(DecoderModel model, ModelWeights weights) throws IOException {
        try (Workers workers = new Workers(1)) {
            return ForwardPass.logits(model, weights, TOKENS, LENGTHS, workers);
        }
    }

    private static Checkpoint family(String name) throws IOException {
        return Checkpoint.open(new LocalFolder(ReferenceLogits.RESOURCES.resolve("families").resolve(name)));
    }
}
