package io.nightshift.formats.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architecture;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.ExpertChoice;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderLayerTest {
    private static final int[] LENGTHS = {1, 150, 7, 300};

    @ParameterizedTest
    @ValueSource(strings = {"gemma-3-text", "llama-bias-sharded", "mixtral-tied", "phi-4-mini", "qwen3-moe"})
    void resultsDependNeitherOnThreadsNorOnOtherSequences(String name) throws IOException {
        Checkpoint checkpoint = family(name);
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        int[] tokens = tokens(model);
        float[] expected = run(model, weights, tokens, LENGTHS, ActivationObserver.NONE, 1);
        assertArrayEquals(expected, run(model, weights, tokens, LENGTHS, ActivationObserver.NONE, 3));
        int at = 0;
        for (int length : LENGTHS) {
            float[] alone = run(model, weights, Arrays.copyOfRange(tokens, at, at + length), new int[] {length},
                    ActivationObserver.NONE, 2);
            int channels = model.hiddenSize();
            assertArrayEquals(Arrays.copyOfRange(expected, at * channels, (at + length) * channels), alone);
            at += length;
        }
    }

    /** Every linear layer of the architecture's table is seen, all tokens of it, with what it reads. */
    @ParameterizedTest
    @ValueSource(strings = {"gemma-2", "llama-3.1", "mixtral-tied", "phi-3", "qwen2.5-yarn", "qwen3-moe-fused"})
    void theObserverSeesTheInputsOfAllLinearLayers(String name) throws IOException {
        Checkpoint checkpoint = family(name);
        Architecture architecture = Architectures.of(checkpoint.config());
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        Recorder recorder = new Recorder(false);
        int[] tokens = tokens(model);
        run(model, weights, tokens, LENGTHS, recorder, 2);
        for (int layer = 0; layer < model.layers(); layer++) {
            Set<String> expected = new HashSet<>();
            architecture.linearGroups().forEach(group -> group.linears().forEach(role -> expected.add(role.tensor())));
            expected.add("attn_output");
            for (String linear : expected) {
                String tensor = "blk." + layer + "." + linear + ".weight";
                boolean ofExpert = linear.endsWith("_exps");
                int seen = tokens.length * (ofExpert ? model.expertRouting().perToken() : 1);
                assertEquals(seen, recorder.tokens.get(tensor), tensor);
                assertEquals(weights.get(tensor).columns(), recorder.channels.get(tensor), tensor);
            }
        }
        assertEquals(tokens.length, recorder.tokens.get("output.weight"));
        assertEquals(model.experts() > 0 ? model.layers() : 0, recorder.choices.size());
        for (ExpertChoice choice : recorder.choices) {
            assertEquals(tokens.length, choice.tokens());
            assertEquals((long) tokens.length * choice.perToken(), Arrays.stream(choice.tokensOfExperts()).sum());
        }
        assertTrue(recorder.finite, "all activations are numbers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixtral-tied", "qwen3-moe"})
    void routingToAllExpertsChangesStatisticsAlone(String name) throws IOException {
        Checkpoint checkpoint = family(name);
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        int[] tokens = tokens(model);
        Recorder routed = new Recorder(false);
        Recorder all = new Recorder(true);
        float[] expected = run(model, weights, tokens, LENGTHS, routed, 1);
        assertArrayEquals(expected, run(model, weights, tokens, LENGTHS, all, 2));
        assertEquals(tokens.length * model.experts(), all.tokens.get("blk.1.ffn_down_exps.weight"));
        assertArrayEquals(routed.choices.get(1).chosen(), all.choices.get(1).chosen());
        assertFalse(routed.experts.isEmpty());
        assertEquals(model.experts(), all.experts.size());
    }

    @Test
    void aLayerReadsItsBytesOnce() throws IOException {
        Checkpoint checkpoint = family("qwen3-moe");
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        DecoderLayer.load(model, weights, 1);
        long stored = checkpoint.tensors().stream()
                .filter(tensor -> tensor.name().startsWith("model.layers.1."))
                .mapToLong(SafetensorsTensor::length)
                .sum();
        assertEquals(stored, weights.bytesRead());
    }

    @Test
    void aModelCanBeSentToExecutors() throws IOException, ClassNotFoundException {
        Checkpoint checkpoint = family("gemma-3-text");
        DecoderModel model = DecoderModel.of(checkpoint);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(model);
        ObjectInputStream stored = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()));
        DecoderModel copy = (DecoderModel) stored.readObject();
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        ModelWeights weightsOfCopy = new CheckpointWeights(copy.tensors().recipes(), checkpoint.folder());
        int[] tokens = tokens(model);
        assertArrayEquals(
                run(model, weights, tokens, LENGTHS, ActivationObserver.NONE, 1),
                run(copy, weightsOfCopy, tokens, LENGTHS, ActivationObserver.NONE, 1));
    }

    @Test
    void tokensBeyondTheVocabularyAreRefused() throws IOException {
        Checkpoint checkpoint = family("qwen3");
        DecoderModel model = DecoderModel.of(checkpoint);
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint.folder());
        InvalidModelException refusal = assertThrows(InvalidModelException.class,
                () -> TokenEmbedding.embed(model, weights, new int[] {1, model.vocabulary()}));
        String message = refusal.getMessage();
        assertTrue(message.contains("there is no token 320 in its vocabulary of 320"), message);
    }

    @Test
    void logitsOfABlockAreThoseOfTheWhole() throws IOException {
        Checkpoint checkpoint = family("gemma-2");
        DecoderModel model = DecoderModel.of(checkpoint);
        OutputHead head = OutputHead.load(model, new CheckpointWeights(model.tensors().recipes(), checkpoint.folder()));
        Random random = new Random(1);
        float[] hidden = new float[20 * model.hiddenSize()];
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = (float) random.nextGaussian();
        }
        try (Workers workers = new Workers(1)) {
            float[] whole = new float[20 * head.vocabulary()];
            head.logits(hidden, 0, 20, 0, head.vocabulary(), whole, workers);
            float[] block = new float[3 * 57];
            head.logits(hidden, 11, 3, 201, 258, block, workers);
            for (int i = 0; i < 3; i++) {
                int from = (11 + i) * head.vocabulary() + 201;
                float[] expected = Arrays.copyOfRange(whole, from, from + 57);
                assertArrayEquals(expected, Arrays.copyOfRange(block, i * 57, i * 57 + 57));
            }
        }
    }

    private static final class Recorder implements ActivationObserver {
        private final boolean allExperts;
        private final Map<String, Integer> tokens = new LinkedHashMap<>();
        private final Map<String, Integer> channels = new LinkedHashMap<>();
        private final List<ExpertChoice> choices = new ArrayList<>();
        private final Set<Integer> experts = new HashSet<>();
        private boolean finite = true;

        Recorder(boolean allExperts) {
            this.allExperts = allExperts;
        }

        @Override
        public void inputs(LinearInput input, float[] activations, int count) {
            for (String tensor : input.tensorNames()) {
                tokens.merge(tensor, count, Integer::sum);
                channels.put(tensor, input.channels());
            }
            if (input.expert() != LinearInput.NO_EXPERT) {
                experts.add(input.expert());
            }
            for (int i = 0; i < count * input.channels(); i++) {
                finite &= Float.isFinite(activations[i]);
            }
        }

        @Override
        public void routed(int layer, ExpertChoice choice) {
            assertEquals(choices.size(), layer);
            choices.add(choice);
        }

        @Override
        public boolean routesAllExperts() {
            return allExperts;
        }
    }

    private static float[] run(DecoderModel model, ModelWeights weights, int[] tokens, int[] lengths,
            ActivationObserver observer, int threads) throws IOException {
        try (Workers workers = new Workers(threads)) {
            return ForwardPass.normalized(model, weights, tokens, lengths, observer, workers);
        }
    }

    private static int[] tokens(DecoderModel model) {
        return new Random(7).ints(Arrays.stream(LENGTHS).sum(), 0, model.vocabulary()).toArray();
    }

    private static Checkpoint family(String name) throws IOException {
        return Checkpoint.open(new LocalFolder(ReferenceLogits.RESOURCES.resolve("families").resolve(name)));
    }
}
