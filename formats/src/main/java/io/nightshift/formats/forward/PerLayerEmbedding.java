package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.Gemm;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the inputs that layers have of their own: an embedding that has a part for each layer, and a projection of the token's
 * hidden state before the first layer, normalized, in equal parts (modeling_gemma4.py, project_per_layer_inputs).
 */
public final class PerLayerEmbedding {
    private static final String TENSOR = "per_layer_token_embd.weight";

    private final int layers;
    private final Optional<StoredMatrix> projection;
    private final Optional<Norm> norm;

    private PerLayerEmbedding(DecoderModel model, Optional<StoredMatrix> projection, Optional<Norm> norm) {
        this.layers = model.layers();
        this.projection = projection;
        this.norm = norm;
    }

    /**
     * Reads the weights, but for the embedding's; nothing where the family has none.
     *
     * @throws io.nightshift.formats.InvalidModelException if they are missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static PerLayerEmbedding load(DecoderModel model, ModelWeights weights) throws IOException {
        return model.has(TENSOR)
                ? new PerLayerEmbedding(model, Optional.of(StoredMatrix.read(weights, "per_layer_model_proj.weight")),
                        Optional.of(Norm.read(model, weights, "per_layer_proj_norm")))
                : new PerLayerEmbedding(model, Optional.empty(), Optional.empty());
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        return projection.map(StoredMatrix::bytes).orElse(0L) + norm.map(Norm::bytes).orElse(0L);
    }

    /**
     * What tokens carry into the first layer. Memory: what it is, and a row of the embedding.
     *
     * @param weights whose rows of the embedding are read
     * @param tokens their ids
     * @param hidden what {@link TokenEmbedding} made of them
     * @throws io.nightshift.formats.InvalidModelException if an id is not in the vocabulary; the message gives it
     * @throws IOException if the weights cannot be read
     */
    public CarriedStates embed(ModelWeights weights, int[] tokens, float[] hidden, Workers workers) throws IOException {
        if (projection.isEmpty() || tokens.length == 0) {
            return CarriedStates.none();
        }
        int[] distinct = Arrays.stream(tokens).sorted().distinct().toArray();
        int[] rows = new int[tokens.length];
        int hiddenChannels = hidden.length / tokens.length;
        float[] states = new float[distinct.length * hiddenChannels];
        for (int i = 0; i < tokens.length; i++) {
            rows[i] = Arrays.binarySearch(distinct, tokens[i]);
            System.arraycopy(hidden, i * hiddenChannels, states, rows[i] * hiddenChannels, hiddenChannels);
        }
        List<float[]> ofLayers = project(states, distinct.length, workers);
        int channels = norm.orElseThrow().weights().length;
        float ofToken = (float) Math.sqrt(channels);
        float half = (float) Math.sqrt(0.5);
        EmbeddingRows.read(weights, TENSOR, distinct, (index, row) -> {
            for (int layer = 0; layer < layers; layer++) {
                float[] inputs = ofLayers.get(layer);
                for (int i = 0; i < channels; i++) {
                    int at = index * channels + i;
                    inputs[at] = (inputs[at] + row[layer * channels + i] * ofToken) * half;
                }
            }
        });
        return new CarriedStates(new PerLayerInputs(channels, rows, 0, ofLayers), Map.of());
    }

    /** The part of each layer that follows from the hidden states. */
    private List<float[]> project(float[] states, int tokens, Workers workers) {
        StoredMatrix matrix = projection.orElseThrow();
        int channels = norm.orElseThrow().weights().length;
        float scale = (float) (1 / Math.sqrt(matrix.columns()));
        PackedActivations packed = PackedActivations.of(states, 0, tokens, matrix.columns(), workers);
        List<float[]> ofLayers = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            int from = layer * channels;
            float[] inputs = new float[Math.multiplyExact(tokens, channels)];
            Gemm.multiply(packed, (first, last, column, columns, into, stride) ->
                    matrix.read(from + first, from + last, column, columns, into, stride),
                    channels, null, inputs, 0, channels, workers);
            TokenRows.scale(inputs, 0, inputs.length, scale);
            norm.get().apply(inputs, tokens, inputs, workers);
            ofLayers.add(inputs);
        }
        return List.copyOf(ofLayers);
    }
}
