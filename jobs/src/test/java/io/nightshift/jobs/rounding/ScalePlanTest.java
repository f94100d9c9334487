package io.nightshift.jobs.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.architecture.ScaleGroups;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.forward.PerLayerEmbedding;
import io.nightshift.formats.forward.TokenEmbedding;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScalePlanTest {
    private static final int[] TOKENS = {5, 17, 200, 3, 99, 100, 101, 42, 7, 8, 250, 31};

    @TempDir
    Path folder;

    @Test
    void scalesOfEveryGroupLeaveTheFunctionOfEveryFamilyAsItIs() throws IOException {
        int families = 0;
        for (Path family : Fixtures.families()) {
            assertFunctionStays(family);
            families++;
        }
        assertTrue(families > 10);
        assertFunctionStays(GeneratedCheckpoint.write("gemma4-e2b", folder));
    }

    private static void assertFunctionStays(Path family) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(family));
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        List<ScaleGroup> groups = groups(checkpoint, linear -> true);
        assertFalse(groups.isEmpty(), family.toString());
        List<LinearLayer> linears = LinearLayers.of(Architectures.convert(checkpoint));
        ScalePlan plan = random(groups);
        float[] expected = logits(model, weights);
        float[] folded = logits(model, new FoldedWeights(linears, weights, plan));
        float largest = 0;
        for (float logit : expected) {
            largest = Math.max(largest, Math.abs(logit));
        }
        // Scales between 1/4 and 4 change every bit but none of what comes out.
        assertArrayEquals(expected, folded, 1e-3f * largest, family.toString());
        // The measure is fine enough: one side alone shows.
        float[] columnsOnly = logits(model, new FoldedWeights(linears, weights, readersOnly(groups)));
        assertTrue(distance(expected, columnsOnly) > 1e-2 * largest, family.toString());
    }

    private static ScalePlan random(List<ScaleGroup> groups) {
        Random random = new Random(7);
        List<GroupScales> scales = new ArrayList<>();
        for (ScaleGroup group : groups) {
            float[] ofGroup = new float[group.channels()];
            double[] exponents = random.doubles(ofGroup.length, -1, 1).toArray();
            group.average(exponents);
            for (int i = 0; i < ofGroup.length; i++) {
                ofGroup[i] = (float) Math.pow(4, exponents[i]);
            }
            scales.add(new GroupScales(group, ofGroup, 0.5, false, 0));
        }
        return new ScalePlan(scales);
    }

    /** The same scales, folded into tensors that the model does not have. */
    private static ScalePlan readersOnly(List<ScaleGroup> groups) {
        return random(groups.stream()
                .map(group -> new ScaleGroup(group.layer(), group.expert(), "none.weight", group.norm(), group.firstRow(),
                        group.headSize(), group.repeats(), group.linears(), group.steering()))
                .toList());
    }

    private static double distance(float[] first, float[] second) {
        double largest = 0;
        for (int i = 0; i < first.length; i++) {
            largest = Math.max(largest, Math.abs(first[i] - second[i]));
        }
        return largest;
    }

    private static List<ScaleGroup> groups(Checkpoint checkpoint, Predicate<LinearLayer> quantized) throws IOException {
        ModelConversion conversion = Architectures.convert(checkpoint);
        return ScaleGroups.of(conversion, LinearLayers.of(conversion), quantized);
    }

    private static float[] logits(DecoderModel model, ModelWeights weights) throws IOException {
        try (Workers workers = new Workers(1)) {
            float[] hidden = TokenEmbedding.embed(model, weights, TOKENS);
            CarriedStates carried = PerLayerEmbedding.load(model, weights).embed(weights, TOKENS, hidden, workers);
            ActivationObserver nobody = (input, activations, tokens) -> {};
            for (int layer = 0; layer < model.layers(); layer++) {
                DecoderLayer.load(model, weights, layer)
                        .forward(hidden, carried, new int[] {TOKENS.length}, nobody, workers);
            }
            FinalNorm.load(model, weights).apply(hidden, TOKENS.length, nobody, workers);
            OutputHead head = OutputHead.load(model, weights);
            float[] logits = new float[TOKENS.length * model.vocabulary()];
            head.logits(hidden, 0, TOKENS.length, 0, model.vocabulary(), logits, workers);
            return logits;
        }
    }

    @Test
    void groupsFollowShapesFamilyAndWhatIsLeftOut() throws IOException {
        assertEquals(
                List.of("blk.0.attn_norm.weight", "blk.0.attn_v.weight", "blk.0.ffn_norm.weight", "blk.0.ffn_up.weight"),
                producers(checkpoint("llama-bias-sharded"), linear -> true));
        assertEquals(List.of("blk.0.attn_norm.weight", "blk.0.attn_v.weight", "blk.0.ffn_norm.weight"),
                producers(checkpoint("llama-bias-sharded"), linear -> linear.role() != Role.DOWN));
        // Scales before attention hurt Gemma 3.
        assertFalse(producers(checkpoint("gemma-3-text"), linear -> true).contains("blk.0.attn_norm.weight"));
        assertTrue(producers(checkpoint("gemma-2"), linear -> true).contains("blk.0.attn_norm.weight"));
        // Gate and up in one matrix: the second half is divided.
        ScaleGroup phi = groups(checkpoint("phi-3"), linear -> true).stream()
                .filter(group -> group.producer().equals("blk.0.ffn_up.weight")).findFirst().orElseThrow();
        assertEquals(phi.channels(), phi.firstRow());
        // Two heads of queries share one of values, and so the scales of its channels.
        ScaleGroup values = groups(checkpoint("llama-3.1"), linear -> true).stream()
                .filter(group -> group.producer().equals("blk.0.attn_v.weight")).findFirst().orElseThrow();
        assertTrue(values.repeats() > 1);
        assertEquals(values.producerRow(0), values.producerRow(values.headSize()));
        // The router reads what the experts read.
        ScaleGroup experts = groups(checkpoint("qwen3-moe"), linear -> true).stream()
                .filter(group -> group.producer().equals("blk.0.ffn_norm.weight")).findFirst().orElseThrow();
        assertEquals(1, experts.steering().size());
        assertEquals(experts.steering().get(0), experts.statisticsOf());
    }

    private static List<String> producers(Checkpoint checkpoint, Predicate<LinearLayer> quantized) throws IOException {
        return groups(checkpoint, quantized).stream()
                .filter(group -> group.layer() == 0)
                .map(ScaleGroup::producer)
                .toList();
    }

    private static Checkpoint checkpoint(String family) throws IOException {
        return Checkpoint.open(new LocalFolder(Fixtures.family(family)));
    }
}
