package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;

/** A whole forward pass, as a driver of layers would run it. */
final class ForwardPass {
    private ForwardPass() {}

    /** Hidden states after the final norm. */
    static float[] normalized(DecoderModel model, ModelWeights weights, int[] tokens, int[] lengths,
            ActivationObserver observer, Workers workers) throws IOException {
        float[] hidden = TokenEmbedding.embed(model, weights, tokens);
        CarriedStates carried = PerLayerEmbedding.load(model, weights).embed(weights, tokens, hidden, workers);
        for (int i = 0; i < model.layers(); i++) {
            DecoderLayer.load(model, weights, i).forward(hidden, carried, lengths, observer, workers);
        }
        FinalNorm.load(model, weights).apply(hidden, tokens.length, observer, workers);
        return hidden;
    }

    /** All logits of all positions. */
    static float[] logits(DecoderModel model, ModelWeights weights, int[] tokens, int[] lengths, Workers workers)
            throws IOException {
        float[] hidden = normalized(model, weights, tokens, lengths, ActivationObserver.NONE, workers);
        OutputHead head = OutputHead.load(model, weights);
        float[] logits = new float[tokens.length * head.vocabulary()];
        head.logits(hidden, 0, tokens.length, 0, head.vocabulary(), logits, workers);
        return logits;
    }

    /** The logits of one position. */
    static float[] row(float[] logits, int vocabulary, int position) {
        return Arrays.copyOfRange(logits, position * vocabulary, (position + 1) * vocabulary);
    }
}
