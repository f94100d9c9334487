package io.nightshift.formats.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits are those of transformers in 32-bit floats, for every family, beyond windows and original contexts. */
class ReferenceLogitsTest {
    private static final float LARGEST_DIFFERENCE = 2e-3f;
    private static final float TIE = 1e-3f;
    private static final int POSITIONS_A_BLOCK = 64;

    @ParameterizedTest
    @ValueSource(strings = {"gemma-2", "gemma-2-f16", "gemma-3-text", "gemma-3-vision", "llama-3.1",
        "llama-bias-sharded", "mistral-f32", "mixtral-tied", "phi-3", "phi-3-longrope", "phi-4", "phi-4-mini",
        "qwen2.5-yarn", "qwen3", "qwen3-moe", "qwen3-moe-fused"})
    void familiesAgree(String name) throws IOException {
        compare(name, ReferenceLogits.RESOURCES.resolve("families"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "mixtral-moe"})
    void fixturesAgree(String name) throws IOException {
        compare(name, ReferenceLogits.RESOURCES.resolve("fixtures"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"models/sample-llama", "models/wiki-llama", "fixtures/qwen2-bpe"})
    void sharedModelsAgree(String path) throws IOException {
        Path folder = Path.of("../../shared").resolve(path);
        assumeTrue(Files.isDirectory(folder), folder + " is not there");
        compare(folder.getFileName().toString(), folder.getParent());
    }

    private static void compare(String name, Path parent) throws IOException {
        ReferenceLogits reference = ReferenceLogits.of(name);
        ModelFolder folder = new LocalFolder(parent.resolve(name));
        DecoderModel model = DecoderModel.of(Checkpoint.open(folder));
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), folder);
        try (Workers workers = new Workers(2)) {
            float[] hidden = ForwardPass.normalized(
                    model, weights, reference.tokens(), reference.lengths(), ActivationObserver.NONE, workers);
            OutputHead head = OutputHead.load(model, weights);
            compare(name, reference, head, hidden, workers);
        }
    }

    private static void compare(
            String name, ReferenceLogits reference, OutputHead head, float[] hidden, Workers workers) {
        int vocabulary = head.vocabulary();
        int recorded = reference.logits().length / reference.positions().length;
        float largest = 0;
        int next = 0;
        int positions = reference.tokens().length;
        float[] logits = new float[POSITIONS_A_BLOCK * vocabulary];
        for (int first = 0; first < positions; first += POSITIONS_A_BLOCK) {
            int count = Math.min(POSITIONS_A_BLOCK, positions - first);
            head.logits(hidden, first, count, 0, vocabulary, logits, workers);
            for (int i = 0; i < count; i++) {
                float[] row = ForwardPass.row(logits, vocabulary, i);
                int expected = reference.top()[first + i];
                int top = top(row);
                if (top != expected) {
                    assertTrue(row[top] - row[expected] < TIE, name + ", position " + (first + i) + ": token " + top
                            + " has the logit " + row[top] + ", and " + expected + " only " + row[expected]);
                }
                if (next < reference.positions().length && reference.positions()[next] == first + i) {
                    for (int j = 0; j < recorded; j++) {
                        float difference =
                                Math.abs(row[j * reference.step()] - reference.logits()[next * recorded + j]);
                        largest = Math.max(largest, Float.isNaN(difference) ? Float.MAX_VALUE : difference);
                    }
                    next++;
                }
            }
        }
        assertEquals(reference.positions().length, next, "recorded positions compared");
        assertTrue(largest < LARGEST_DIFFERENCE, name + ": logits differ by " + largest);
    }

    private static int top(float[] row) {
        int top = 0;
        for (int i = 1; i < row.length; i++) {
            if (row[i] > row[top]) {
                top = i;
            }
        }
        return top;
    }
}
