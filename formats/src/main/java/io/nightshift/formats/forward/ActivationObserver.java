package io.nightshift.formats.forward;

import io.nightshift.kernels.transformer.ExpertChoice;

/**
 * Sees what the linear layers read, while the forward pass runs. It is called by the thread that called the forward
 * pass, in a fixed order: attention's inputs, the attention output's, and then those of the feed-forward block, experts
 * ascending.
 */
public interface ActivationObserver {
    /** Sees nothing. */
    ActivationObserver NONE = (input, activations, tokens) -> {};

    /**
     * The activations that linear layers read.
     *
     * @param input the linear layers. In a layer with experts the router ({@code ffn_gate_inp}) gets all tokens, and
     *     each expert's layers get the tokens of that expert, in their order; an expert without tokens is left out
     * @param activations row-major, {@code tokens * input.channels()} of them from the start. They are valid during the
     *     call, and must not be changed; the array may be longer
     * @param tokens number of rows, at least 1
     */
    void inputs(LinearInput input, float[] activations, int tokens);

    /**
     * A head among all of its layer.
     *
     * @param index from 0
     */
    record Head(int index, int count) {}

    /**
     * The activations that one head's matrix of a tensor would read, where GGUF stacks a matrix for each head and the forward
     * pass here has another form: for each tensor one call a head, heads ascending.
     *
     * @param linear the tensor's GGUF name within the layer
     * @param activations row-major, {@code tokens * channels} of them from the start. They are valid during the call, and must
     *     not be changed
     */
    default void headInputs(int layer, String linear, Head head, float[] activations, int tokens, int channels) {}

    /** Whether {@link #headInputs} is to be called: that costs attention more than once again. */
    default boolean seesHeads() {
        return false;
    }

    /** Which experts the tokens were routed to: once a layer with experts, before the inputs of its experts. */
    default void routed(int layer, ExpertChoice choice) {}

    /**
     * Whether each expert's inputs shall be those of all tokens, for statistics alone: hidden states are those of the
     * routed experts all the same. It costs the gate and up projections of all experts for all tokens.
     */
    default boolean routesAllExperts() {
        return false;
    }
}
