package io.nightshift.formats.architecture;

/**
 * What the forward pass of a family does in its own way. What can be seen in its tensors (biases, norms of heads, which norms
 * stand before and behind a block, experts, fused projections, a missing gate) is not repeated here.
 *
 * @param windows which layers attend within a sliding window
 * @param rotation how positions turn queries and keys
 * @param heads how large they are, and what is done to them
 * @param activationKey where the configuration names the activation function; null where it is always the same
 * @param activation its name where the configuration does not
 * @param feedForwardNorm GGUF's name of the norm before the feed-forward block
 * @param embeddingsScaled whether hidden states start as embeddings times the square root of the hidden size
 * @param queryScalar whether {@code query_pre_attn_scalar}, and not a head's size, scales attention
 * @param attentionSoftcapped whether {@code attn_logit_softcapping} bounds attention's products
 * @param multiplied whether the configuration has factors of embeddings, attention, residual sums and logits
 * @param expertWeights how a router's logits become the weights of a token's experts
 * @param sideBySide whether attention and feed-forward block read the same norm, and what both give is added. Norms then take
 *     off the mean, and logits are multiplied by {@code logit_scale} (Cohere)
 */
public record DecoderTraits(
        WindowPattern windows,
        Rotation rotation,
        Heads heads,
        String activationKey,
        String activation,
        String feedForwardNorm,
        boolean embeddingsScaled,
        boolean queryScalar,
        boolean attentionSoftcapped,
        boolean multiplied,
        ExpertWeights expertWeights,
        boolean sideBySide) {
    /** gpt-oss's activation function, which its configuration calls silu. */
    public static final String CLAMPED_SWIGLU = "clamped_swiglu";

    /** How a router's logits become the weights of a token's experts. */
    public enum ExpertWeights {
        /** By a softmax; those of a token are made to add up to 1. */
        NORMALIZED,
        /** By a softmax; they are made to add up to 1 where {@code norm_topk_prob} says so. */
        AS_CONFIGURED,
        /** By sigmoids; they are made to add up to 1. */
        SIGMOID,
        /** By sigmoids; they are divided by their sum and a millionth (LFM2). */
        SIGMOID_AND_A_MILLIONTH,
        /**
         * By sigmoids, of groups of experts ({@code n_group}, {@code topk_group}); they are made to add up to 1 where {@code
         * norm_topk_prob} does not say otherwise, and multiplied by {@code routed_scaling_factor}.
         */
        SIGMOID_OF_GROUPS,
        /**
         * By a softmax, of groups of experts that are compared by the best expert of each where {@code topk_method} says so;
         * they are multiplied by {@code routed_scaling_factor}.
         */
        SOFTMAX_OF_GROUPS
    }

    /** Llama's way, with the family's windows. */
    static DecoderTraits windows(WindowPattern windows) {
        return new DecoderTraits(windows, Rotation.STANDARD, Heads.STANDARD, "hidden_act", "silu", "ffn_norm", false, false,
                false, false, ExpertWeights.NORMALIZED, false);
    }

    /** Gemma's way, with the family's windows. */
    static DecoderTraits gemma(WindowPattern windows, boolean attentionSoftcapped) {
        return new DecoderTraits(windows, Rotation.STANDARD, Heads.STANDARD, "hidden_activation", "gelu_pytorch_tanh",
                "ffn_norm", true, true, attentionSoftcapped, false, ExpertWeights.NORMALIZED, false);
    }

    DecoderTraits withExpertWeights(ExpertWeights weights) {
        return new DecoderTraits(windows, rotation, heads, activationKey, activation, feedForwardNorm, embeddingsScaled,
                queryScalar, attentionSoftcapped, multiplied, weights, sideBySide);
    }

    /** The same with another activation function, whatever the configuration calls it. */
    DecoderTraits withActivation(String name) {
        return new DecoderTraits(windows, rotation, heads, null, name, feedForwardNorm, embeddingsScaled, queryScalar,
                attentionSoftcapped, multiplied, expertWeights, sideBySide);
    }

    /** The same with other heads, by whose own rules products of queries and keys are scaled. */
    DecoderTraits with(Heads others) {
        return new DecoderTraits(windows, rotation, others, activationKey, activation, feedForwardNorm, embeddingsScaled, false,
                attentionSoftcapped, multiplied, expertWeights, sideBySide);
    }

    DecoderTraits with(Rotation turned) {
        return new DecoderTraits(windows, turned, heads, activationKey, activation, feedForwardNorm, embeddingsScaled,
                queryScalar, attentionSoftcapped, multiplied, expertWeights, sideBySide);
    }

    DecoderTraits withFeedForwardNorm(String name) {
        return new DecoderTraits(windows, rotation, heads, activationKey, activation, name, embeddingsScaled,
                queryScalar, attentionSoftcapped, multiplied, expertWeights, sideBySide);
    }

    DecoderTraits withMultipliers() {
        return new DecoderTraits(windows, rotation, heads, activationKey, activation, feedForwardNorm, embeddingsScaled,
                queryScalar, attentionSoftcapped, true, expertWeights, sideBySide);
    }

    /** Cohere's way, where a layer's blocks stand side by side. */
    static DecoderTraits sideBySide(WindowPattern windows) {
        return new DecoderTraits(windows, Rotation.OF_NEIGHBOURS, Heads.STANDARD, "hidden_act", "silu", "attn_norm", false,
                false, false, false, ExpertWeights.NORMALIZED, true);
    }
}
