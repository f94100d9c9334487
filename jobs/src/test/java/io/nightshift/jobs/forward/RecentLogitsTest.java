package io.nightshift.jobs.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.forward.PerLayerEmbedding;
import io.nightshift.formats.forward.TokenEmbedding;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits of recent families are those of transformers in 32-bit floats, recorded by formats' make_reference_logits.py. */
class RecentLogitsTest {
    private static final Path RECORDED = Path.of("..", "formats", "src", "test", "resources", "recent-logits");
    private static final String SUFFIX = ".safetensors";
    private static final float LARGEST_DIFFERENCE = 2e-3f;
    private static final float TIE = 1e-3f;

    @TempDir
    Path folder;

    static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(RECORDED)) {
            return files.map(file -> file.getFileName().toString().replace(SUFFIX, "")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void logitsAreThoseOfTransformers(String name) throws IOException {
        Recorded recorded = new Recorded(new LocalFolder(RECORDED), name + SUFFIX);
        ModelFolder checkpoint = new LocalFolder(GeneratedCheckpoint.write(name, folder));
        DecoderModel model = DecoderModel.of(Checkpoint.open(checkpoint));
        ModelWeights weights = new CheckpointWeights(model.tensors().recipes(), checkpoint);
        int[] tokens = recorded.numbers("tokens");
        assertEquals(2000, tokens.length, "positions");
        float[] logits = logits(model, weights, tokens, recorded.numbers("lengths"));
        int vocabulary = logits.length / tokens.length;
        int[] top = recorded.numbers("top");
        for (int i = 0; i < tokens.length; i++) {
            int found = top(logits, i * vocabulary, vocabulary);
            float margin = logits[i * vocabulary + found] - logits[i * vocabulary + top[i]];
            assertTrue(margin < TIE,
                    name + ", position " + i + ": token " + found + " is ahead of " + top[i] + " by " + margin);
        }
        float largest = largestDifference(recorded, logits, vocabulary);
        assertTrue(largest < LARGEST_DIFFERENCE, name + ": logits differ by " + largest);
    }

    private static float[] logits(DecoderModel model, ModelWeights weights, int[] tokens, int[] lengths) throws IOException {
        try (Workers workers = new Workers(2)) {
            float[] hidden = TokenEmbedding.embed(model, weights, tokens);
            CarriedStates carried = PerLayerEmbedding.load(model, weights).embed(weights, tokens, hidden, workers);
            for (int i = 0; i < model.layers(); i++) {
                DecoderLayer.load(model, weights, i).forward(hidden, carried, lengths, ActivationObserver.NONE, workers);
            }
            FinalNorm.load(model, weights).apply(hidden, tokens.length, ActivationObserver.NONE, workers);
            OutputHead head = OutputHead.load(model, weights);
            float[] logits = new float[tokens.length * head.vocabulary()];
            head.logits(hidden, 0, tokens.length, 0, head.vocabulary(), logits, workers);
            return logits;
        }
    }

    private static float largestDifference(Recorded recorded, float[] logits, int vocabulary) throws IOException {
        int[] positions = recorded.numbers("positions");
        int step = recorded.numbers("step")[0];
        float[] expected = recorded.logits();
        int ofPosition = expected.length / positions.length;
        float largest = 0;
        for (int i = 0; i < positions.length; i++) {
            for (int j = 0; j < ofPosition; j++) {
                float difference = Math.abs(logits[positions[i] * vocabulary + j * step] - expected[i * ofPosition + j]);
                largest = Math.max(largest, Float.isNaN(difference) ? Float.MAX_VALUE : difference);
            }
        }
        return largest;
    }

    private static int top(float[] logits, int at, int vocabulary) {
        int top = 0;
        for (int i = 1; i < vocabulary; i++) {
            if (logits[at + i] > logits[at + top]) {
                top = i;
            }
        }
        return top;
    }

    /** A file of recorded numbers. */
    private record Recorded(ModelFolder folder, String file) {
        private ByteBuffer bytes(String name) throws IOException {
            SafetensorsTensor tensor = SafetensorsHeader.read(folder, folder.find(file).orElseThrow()).stream()
                    .filter(candidate -> candidate.name().equals(name))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = new byte[(int) tensor.length()];
            folder.readFully(file, tensor.position(), bytes, 0, bytes.length);
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        int[] numbers(String name) throws IOException {
            ByteBuffer bytes = bytes(name);
            int[] numbers = new int[bytes.capacity() / Integer.BYTES];
            bytes.asIntBuffer().get(numbers);
            return numbers;
        }

        float[] logits() throws IOException {
            ByteBuffer bytes = bytes("logits");
            float[] logits = new float[bytes.capacity() / Float.BYTES];
            bytes.asFloatBuffer().get(logits);
            return logits;
        }
    }
}
