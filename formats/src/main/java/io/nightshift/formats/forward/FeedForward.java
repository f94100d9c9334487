package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import java.io.IOException;
import java.util.Arrays;

/** What stands between a layer's second norm and the residual sum. */
sealed interface FeedForward permits DenseFeedForward, ExpertFeedForward, DenseBesideExperts {
    static FeedForward read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        if (model.has("blk." + layer + ".pre_ffw_norm_2.weight")) {
            return DenseBesideExperts.read(model, weights, layer);
        }
        return model.has("blk." + layer + ".ffn_gate_inp.weight")
                ? ExpertFeedForward.read(model, weights, layer)
                : DenseFeedForward.read(model, weights, layer);
    }

    long bytes();

    /** Whether it has norms of its own, and reads the hidden states themselves. */
    default boolean bringsNorms() {
        return false;
    }

    /** What it adds to the hidden states. */
    float[] forward(float[] normed, int tokens, ActivationObserver observer, Workers workers);

    /** Gate and up projection, and their product after the activation function: the down projection's input. */
    static float[] gated(
            Projection gate, Projection up, Activation activation, PackedActivations inputs, Workers workers) {
        float[] gates = gate.apply(inputs, workers);
        float[] ups = up.apply(inputs, workers);
        int channels = gate.outputs();
        TokenRows.each(inputs.tokens(), workers, token -> activation.gate(
                gates, token * channels, ups, token * channels, channels, gates, token * channels));
        return gates;
    }

    /** The same of a block without a gate. */
    static float[] activated(Projection up, Activation activation, PackedActivations inputs, Workers workers) {
        float[] inner = up.apply(inputs, workers);
        int channels = up.outputs();
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        TokenRows.each(inputs.tokens(), workers,
                token -> activation.gate(inner, token * channels, ones, 0, channels, inner, token * channels));
        return inner;
    }

    /** The same where the gate is the first half of the up projection's rows. */
    static float[] gatedByFirstHalf(Projection up, Activation activation, PackedActivations inputs, Workers workers) {
        float[] both = up.apply(inputs, workers);
        int channels = up.outputs() / 2;
        float[] inner = new float[inputs.tokens() * channels];
        TokenRows.each(inputs.tokens(), workers, token -> activation.gate(both, token * 2 * channels, both,
                (token * 2 + 1) * channels, channels, inner, token * channels));
        return inner;
    }
}
