package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/** What stands between a layer's first norm and the residual sum, and lets tokens see those before them. */
sealed interface Mixer permits AttentionBlock, AttentionBesideScan, DeltaRuleBlock, LatentAttentionBlock,
        SelectiveScanBlock, ShortConvolutionBlock {
    static Mixer read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        if (model.latent() != null) {
            return LatentAttentionBlock.read(model, weights, layer);
        }
        if (model.has("blk." + layer + "." + Role.CONVOLUTION_INPUT.tensor() + ".weight")) {
            return ShortConvolutionBlock.read(model, weights, layer);
        }
        if (model.has("blk." + layer + ".ssm_in.weight")) {
            return model.has("blk." + layer + ".attn_q.weight")
                    ? AttentionBesideScan.read(model, weights, layer)
                    : SelectiveScanBlock.read(model, weights, layer);
        }
        return model.has("blk." + layer + ".ssm_out.weight")
                ? DeltaRuleBlock.read(model, weights, layer)
                : AttentionBlock.read(model, weights, layer);
    }

    long bytes();

    /**
     * What it adds to the hidden states of sequences that lie one after another.
     *
     * @param carried keys and values of earlier layers; those of this one are added if later ones need them
     */
    float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer, Workers workers);

    /** Where each sequence starts, and where the last one ends. */
    static int[] starts(int[] lengths) {
        int[] starts = new int[lengths.length + 1];
        for (int i = 0; i < lengths.length; i++) {
            starts[i + 1] = starts[i] + lengths[i];
        }
        return starts;
    }
}
