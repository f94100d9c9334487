package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.LayerNorm;
import io.nightshift.kernels.transformer.RmsNorm;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A norm of the model: a root mean square norm, or one that takes off the mean first where it has a bias, perhaps of zeros.
 *
 * @param bias or null
 */
record Norm(float[] weights, float[] bias, float epsilon) {
    /** A root mean square norm. */
    Norm(float[] weights, float epsilon) {
        this(weights, null, epsilon);
    }

    static Norm read(DecoderModel model, ModelWeights weights, String name) throws IOException {
        String bias = name + ".bias";
        float[] scales = StoredMatrix.readVector(weights, tensor(model, name));
        int channels = scales.length;
        return new Norm(scales,
                model.has(bias) ? StoredMatrix.readVector(weights, bias) : model.centersNorms() ? new float[channels] : null,
                model.epsilon());
    }

    /** A norm without weights. */
    static Norm plain(int channels, float epsilon) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return new Norm(ones, epsilon);
    }

    /** A norm that not all families have. */
    static Optional<Norm> find(DecoderModel model, ModelWeights weights, String name) throws IOException {
        return model.has(tensor(model, name))
                ? Optional.of(read(model, weights, name))
                : Optional.empty();
    }

    /** One norm of Falcon-H1 has the bare name in GGUF. */
    private static String tensor(DecoderModel model, String name) {
        return model.has(name) ? name : name + ".weight";
    }

    long bytes() {
        return 4L * weights.length * (bias == null ? 1 : 2);
    }

    /** Normalizes the rows of tokens; the result may be the values. */
    void apply(float[] values, int tokens, float[] result, Workers workers) {
        int channels = weights.length;
        TokenRows.each(tokens, workers,
                token -> normalize(values, token * channels, result, token * channels));
    }

    /** Normalizes the heads of one token, which lie one after another, in place: each, or as many as the norm is over. */
    void applyToHeads(float[] values, int at, int channels) {
        for (int start = at; start < at + channels; start += weights.length) {
            normalize(values, start, values, start);
        }
    }

    private void normalize(float[] values, int at, float[] result, int to) {
        if (bias == null) {
            RmsNorm.normalize(values, at, weights, epsilon, result, to);
        } else {
            LayerNorm.normalize(values, at, weights, bias, epsilon, result, to);
        }
    }
}
