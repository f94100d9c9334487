package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.stream.Stream;

/**
 * A block that all tokens pass beside a mixture of experts, each with a norm before it and one behind (Gemma 4). The router
 * reads the hidden states by a norm of its own.
 *
 * @param denseNorm before the block that all tokens pass
 * @param steeringNorm before the router
 * @param expertNorm before the experts
 */
record DenseBesideExperts(DenseFeedForward dense, ExpertFeedForward experts, Norm denseNorm, Norm afterDense,
        Norm steeringNorm, Norm expertNorm, Norm afterExperts) implements FeedForward {
    static DenseBesideExperts read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        return new DenseBesideExperts(
                DenseFeedForward.read(model, weights, layer),
                ExpertFeedForward.read(model, weights, layer),
                Norm.read(model, weights, block + model.feedForwardNorm()),
                Norm.read(model, weights, block + "post_ffw_norm_1"),
                steeringNorm(model, weights, block),
                Norm.read(model, weights, block + "pre_ffw_norm_2"),
                Norm.read(model, weights, block + "post_ffw_norm_2"));
    }

    /** The norm itself has no weights; what it gives is scaled, and divided by the root of the channels. */
    private static Norm steeringNorm(DecoderModel model, ModelWeights weights, String block) throws IOException {
        float[] scales = StoredMatrix.readVector(weights, block + "ffn_gate_inp.scale");
        TokenRows.scale(scales, 0, scales.length, (float) (1 / Math.sqrt(scales.length)));
        return new Norm(scales, model.epsilon());
    }

    @Override
    public long bytes() {
        return dense.bytes() + experts.bytes() + Stream.of(denseNorm, afterDense, steeringNorm, expertNorm, afterExperts)
                .mapToLong(Norm::bytes)
                .sum();
    }

    @Override
    public boolean bringsNorms() {
        return true;
    }

    @Override
    public float[] forward(float[] hidden, int tokens, ActivationObserver observer, Workers workers) {
        float[] ofDense = dense.forward(normed(denseNorm, hidden, tokens, workers), tokens, observer, workers);
        afterDense.apply(ofDense, tokens, ofDense, workers);
        float[] ofExperts = experts.forward(normed(steeringNorm, hidden, tokens, workers),
                normed(expertNorm, hidden, tokens, workers), tokens, observer, workers);
        afterExperts.apply(ofExperts, tokens, ofExperts, workers);
        TokenRows.add(ofDense, ofExperts, tokens, afterDense.weights().length, workers);
        return ofDense;
    }

    private static float[] normed(Norm norm, float[] hidden, int tokens, Workers workers) {
        float[] normed = new float[tokens * norm.weights().length];
        norm.apply(hidden, tokens, normed, workers);
        return normed;
    }
}
