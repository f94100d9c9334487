package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.RmsNorm;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** An RMS norm of the model. */
record Norm(float[] weights, float epsilon) {
    static Norm read(DecoderModel model, ModelWeights weights, String name) throws IOException {
        return new Norm(StoredMatrix.readVector(weights, name + ".weight"), model.epsilon());
    }

    /** A norm without weights. */
    static Norm plain(int channels, float epsilon) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return new Norm(ones, epsilon);
    }

    /** A norm that not all families have. */
    static Optional<Norm> find(DecoderModel model, ModelWeights weights, String name) throws IOException {
        return model.has(name + ".weight")
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

    /** Normalizes the heads of one token, which lie one after another, in place: each, or as many as the norm is over. */
    void applyToHeads(float[] values, int at, int channels) {
        for (int start = at; start < at + channels; start += weights.length) {
            RmsNorm.normalize(values, start, weights, epsilon, values, start);
        }
    }
}
