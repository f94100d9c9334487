package io.nightshift.formats.exl2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.exl2.ParameterSet.Part;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.exl2.LateScales;
import io.nightshift.kernels.exl2.MaximumSearch;
import io.nightshift.kernels.exl2.PackedLinear;
import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.LateFeedback;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One linear layer with its inputs, and what ExLlamaV2's AdaptiveGPTQ made of it (a fixture beside the project). */
class ReferenceLayerTest {
    private static final Path FIXTURE = Path.of("../../shared/fixtures/exl2");
    private static final int BLOCK = 96;

    private Exl2Folder folder;
    private JsonNode reference;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Files.isDirectory(FIXTURE), "no " + FIXTURE + ": the reference's layer is not compared");
        folder = Exl2Folder.open(new LocalFolder(FIXTURE));
        reference = new ObjectMapper().readTree(FIXTURE.resolve("reference.json").toFile());
    }

    private float[] halves(String name) throws IOException {
        SafetensorsTensor tensor = folder.tensors().get(name);
        byte[] bytes = new byte[(int) tensor.length()];
        folder.folder().readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
        float[] floats = new float[bytes.length / 2];
        F16.toFloats(bytes, 0, floats, 0, floats.length);
        return floats;
    }

    private ParameterSet parameters(String name) {
        JsonNode json = reference.get(name);
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < json.get("bits").size(); i++) {
            parts.add(new Part(json.get("bits").get(i).asInt(),
                    json.get("group_size").get(json.get("bits").get(i).asText()).asInt(),
                    json.get("bits_prop").get(i).asDouble()));
        }
        return new ParameterSet(parts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4b_32g", "4b3b_128g", "8b5b4b", "6b5b_32g", "3b2b_64g"})
    void weightsAndBitsAreThoseOfTheReference(String name) throws IOException {
        Exl2Linear linear = folder.find(name).orElseThrow();
        float[] weights = new float[linear.outputs() * linear.inputs()];
        Exl2Reader reader = new Exl2Reader(folder.folder());
        reader.dequantize(linear, 0, linear.outputs(), weights);
        assertArrayEquals(halves(name + ".dequantized"), weights);
        float[] some = new float[13 * linear.inputs()];
        reader.dequantize(linear, 27, 40, some);
        assertArrayEquals(Arrays.copyOfRange(weights, 27 * linear.inputs(), 40 * linear.inputs()), some);
        ParameterSet parameters = parameters(name);
        assertEquals(reference.get(name).get("total_bits").asLong(),
                parameters.totalBits(linear.inputs(), linear.outputs(), false));
        assertEquals(reader.layout(linear), parameters.layout(linear.inputs()));
    }

    /** The bound is 1.005 times the reference's error; ours is below it with every set. */
    @Test
    void outputsLoseLessThanTheReference() throws IOException {
        float[] weights = halves("W");
        float[] inputs = halves("X");
        int channels = 768;
        int outputs = weights.length / channels;
        try (Workers workers = new Workers(2)) {
            float[][] blocks = new float[Gram.blocks(channels, BLOCK)][BLOCK * BLOCK];
            Gram.add(inputs, inputs.length / channels, channels, BLOCK, blocks, workers);
            GramMatrix gram = new GramMatrix(channels, BLOCK, blocks);
            GramLoss loss = GramLoss.of(gram, workers);
            FeedbackFactor factor = FeedbackFactor.of(gram, null, new Damping(0.12, 10), workers);
            int[] order = factor.roundingOrder();
            for (String name : List.of("4b_32g", "4b3b_128g", "8b5b4b", "6b5b_32g", "3b2b_64g")) {
                GroupLayout layout = parameters(name).layout(channels);
                short[] maxima = new MaximumSearch(layout, order).maxima(weights, 0, outputs, workers);
                LateScales scales = new LateScales(layout, maxima, outputs);
                byte[] levels = new byte[weights.length];
                LateFeedback.round(factor, weights, 0, outputs, scales, levels, workers);
                byte[] words = new byte[layout.packedRows() * outputs * 4];
                PackedLinear.packWeights(layout, order, levels, 0, outputs, words, 0, outputs * 4);
                byte[] codes = new byte[layout.groups().size() * outputs / 2];
                PackedLinear.packScales(scales.codes(), 0, outputs, layout.groups().size(), codes, 0, outputs / 2);
                float[] changes = new float[weights.length];
                PackedLinear.dequantize(layout, PackedLinear.inverse(order), words, 0, outputs * 4, codes, 0, outputs / 2,
                        0, outputs, maxima, changes, 0);
                for (int i = 0; i < changes.length; i++) {
                    changes[i] -= weights[i];
                }
                double error = Math.sqrt(Arrays.stream(loss.ofRows(changes, 0, outputs, workers)).sum()
                        / Arrays.stream(loss.ofRows(weights, 0, outputs, workers)).sum());
                double theirs = reference.get(name).get("relative_output_error").asDouble();
                System.out.printf("%s: %.6f, reference %.6f, ratio %.4f%n", name, error, theirs, error / theirs);
                assertTrue(error < theirs, name + ": " + error + " instead of " + theirs);
            }
        }
    }
}
