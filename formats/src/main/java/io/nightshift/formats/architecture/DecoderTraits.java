package io.nightshift.formats.architecture;

/**
 * What the forward pass of a family does in its own way. What can be seen in its tensors (biases, norms of heads, norms
 * behind a block, experts, fused projections) is not repeated here.
 *
 * @param windows which layers attend within a sliding window
 * @param activationKey where the configuration names the activation function
 * @param activation its name where the configuration does not
 * @param embeddingsScaled whether hidden states start as embeddings times the square root of the hidden size
 * @param queryScalar whether {@code query_pre_attn_scalar}, and not a head's size, scales attention
 * @param attentionSoftcapped whether {@code attn_logit_softcapping} bounds attention's products
 * @param expertWeights when the weights of a token's experts are made to add up to 1
 */
public record DecoderTraits(
        WindowPattern windows,
        String activationKey,
        String activation,
        boolean embeddingsScaled,
        boolean queryScalar,
        boolean attentionSoftcapped,
        ExpertWeights expertWeights) {
    /** When the weights of a token's experts are made to add up to 1. */
    public enum ExpertWeights {
        NORMALIZED,
        /** Where {@code norm_topk_prob} says so. */
        AS_CONFIGURED
    }

    /** Llama's way, with the family's windows. */
    static DecoderTraits windows(WindowPattern windows) {
        return new DecoderTraits(windows, "hidden_act", "silu", false, false, false, ExpertWeights.NORMALIZED);
    }

    /** Gemma's way, with the family's windows. */
    static DecoderTraits gemma(WindowPattern windows, boolean attentionSoftcapped) {
        return new DecoderTraits(windows, "hidden_activation", "gelu_pytorch_tanh", true, true, attentionSoftcapped,
                ExpertWeights.NORMALIZED);
    }

    DecoderTraits withExpertWeights(ExpertWeights weights) {
        return new DecoderTraits(
                windows, activationKey, activation, embeddingsScaled, queryScalar, attentionSoftcapped, weights);
    }
}
