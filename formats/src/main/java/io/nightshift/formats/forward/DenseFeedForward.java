package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import io.nightshift.kernels.transformer.Xielu;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A feed-forward block that all tokens pass.
 *
 * @param learned the activation function of a block without a gate, if it has one of its own
 * @param gate nothing where it is the first half of {@code up}, as in Phi, or where {@code up} is the gate of itself, as in
 *     Arcee
 */
record DenseFeedForward(int layer, Activation activation, Optional<Xielu> learned, Optional<Projection> gate, Projection up,
        Projection down) implements FeedForward {
    static DenseFeedForward read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        Optional<Projection> gate = weights.find(block + "ffn_gate.weight").isPresent()
                ? Optional.of(Projection.read(weights, block + "ffn_gate"))
                : Optional.empty();
        return new DenseFeedForward(layer, model.activation(), model.learnedActivation(layer), gate,
                Projection.read(weights, block + "ffn_up"), Projection.read(weights, block + "ffn_down"));
    }

    @Override
    public long bytes() {
        return gate.map(Projection::bytes).orElse(0L) + up.bytes() + down.bytes();
    }

    @Override
    public float[] forward(float[] normed, int tokens, ActivationObserver observer, Workers workers) {
        List<String> names = gate.isPresent() ? List.of("ffn_gate", "ffn_up") : List.of("ffn_up");
        int channels = up.matrix().columns();
        observer.inputs(new LinearInput(layer, names, LinearInput.NO_EXPERT, channels), normed, tokens);
        PackedActivations packed = PackedActivations.of(normed, 0, tokens, channels, workers);
        float[] inner = gate.isPresent()
                ? FeedForward.gated(gate.get(), up, activation, packed, workers)
                : up.outputs() == down.matrix().columns()
                        ? activated(packed, workers)
                        : FeedForward.gatedByFirstHalf(up, activation, packed, workers);
        return down.apply(layer, "ffn_down", inner, tokens, observer, workers);
    }

    private float[] activated(PackedActivations packed, Workers workers) {
        if (learned.isEmpty()) {
            return FeedForward.activated(up, activation, packed, workers);
        }
        float[] inner = up.apply(packed, workers);
        int channels = up.outputs();
        TokenRows.each(packed.tokens(), workers, token -> learned.get().apply(inner, token * channels, channels));
        return inner;
    }
}
