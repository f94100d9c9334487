package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import java.io.IOException;
import java.util.Optional;

/**
 * Adds to the hidden states behind a feed-forward block what comes of the layer's own input, gated by these states.
 *
 * @param norm behind the block
 */
record PerLayerBlock(int layer, Activation activation, Projection gate, Projection projection, Norm norm) {
    private static final String GATE = Role.INPUT_GATE.tensor();
    private static final String PROJECTION = Role.INPUT_PROJECTION.tensor();

    /** That of a layer, in families that have one. */
    static Optional<PerLayerBlock> find(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        return model.has(block + GATE + ".weight")
                ? Optional.of(new PerLayerBlock(layer, model.activation(), Projection.read(weights, block + GATE),
                        Projection.read(weights, block + PROJECTION), Norm.read(model, weights, block + "post_norm")))
                : Optional.empty();
    }

    long bytes() {
        return gate.bytes() + projection.bytes() + norm.bytes();
    }

    /** What it adds to the hidden states. */
    float[] forward(float[] hidden, PerLayerInputs inputs, int tokens, ActivationObserver observer, Workers workers) {
        int channels = gate.outputs();
        if (inputs.ofLayers().isEmpty()) {
            throw new IllegalArgumentException("the tokens do not carry the inputs of layer " + layer);
        }
        float[] gated = gate.apply(layer, GATE, hidden, tokens, observer, workers);
        float[] own = inputs.of(layer);
        TokenRows.each(tokens, workers, token -> activation.gate(gated, token * channels, own,
                inputs.rows()[token] * channels, channels, gated, token * channels));
        float[] output = projection.apply(layer, PROJECTION, gated, tokens, observer, workers);
        norm.apply(output, tokens, output, workers);
        return output;
    }
}
