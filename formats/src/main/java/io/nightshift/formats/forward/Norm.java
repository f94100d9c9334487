package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.RmsNorm;
import java.io.IOException;
import java.util.Optional;

/** An RMS norm of the model. */
record Norm(float[] weights, float epsilon) {
    static Norm read(DecoderModel model, ModelWeights weights, String name) throws IOException {
        return new Norm(StoredMatrix.readVector(weights, name + ".weight"), model.epsilon());
    }

    /** A norm that not all families have. */
    static Optional<Norm> find(DecoderModel model, ModelWeights weights, String name) throws IOException {
        return weights.find(name + ".weight").isPresent()
                ? Optional.of(read(model, weights, name))
                : Optional.empty();
    }

    long bytes() {
        return 4L * weights.length;
    }

    /** Normalizes the rows of tokens; the result may be the values. */
    void apply(float[] values, int tokens, float[] result, Workers workers) {
        int channels = weights.length;
        TokenRows.each(tokens, workers,
                token -> RmsNorm.normalize(values, token * channels, weights, epsilon, result, token * channels));
    }

    /** Normalizes the heads of one token, which lie one after another, in place. */
    void applyToHeads(float[] values, int at, int heads) {
        for (int head = 0; head < heads; head++) {
            int start = at + head * weights.length;
            RmsNorm.normalize(values, start, weights, epsilon, values, start);
        }
    }
}
