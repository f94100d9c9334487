package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/** Attention and Mamba 2 of Falcon-H1, which read the same; what they give is added. */
record AttentionBesideScan(AttentionBlock attention, SelectiveScanBlock scan) implements Mixer {
    static AttentionBesideScan read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        return new AttentionBesideScan(
                AttentionBlock.read(model, weights, layer), SelectiveScanBlock.read(model, weights, layer));
    }

    @Override
    public long bytes() {
        return attention.bytes() + scan.bytes();
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        float[] mixed = scan.forward(normed, carried, lengths, observer, workers);
        float[] attended = attention.forward(normed, carried, lengths, observer, workers);
        for (int i = 0; i < mixed.length; i++) {
            mixed[i] += attended[i];
        }
        return mixed;
    }
}
