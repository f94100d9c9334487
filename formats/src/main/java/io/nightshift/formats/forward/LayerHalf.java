package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;

/** The halves of a decoder layer, each of which adds its output to the hidden states. */
public enum LayerHalf {
    ATTENTION,
    FEED_FORWARD;

    /**
     * The half that a linear layer of a decoder layer belongs to.
     *
     * @throws IllegalArgumentException if it is in no decoder layer
     */
    public static LayerHalf of(Role role) {
        return switch (role) {
            case QUERY, KEY, VALUE, QUERY_KEY_VALUE, QUERY_COMPRESSION, QUERY_DECOMPRESSION, COMPRESSION, DECOMPRESSION,
                    ATTENTION_OUTPUT, OUTPUT_GATE, STATE_DECAY, STATE_CHANGE, STATE_CHANGE_AND_DECAY,
                    STATE_INPUT, STATE_OUTPUT, CONVOLUTION_INPUT, CONVOLUTION_OUTPUT -> ATTENTION;
            case GATE, UP, DOWN, ROUTER, EXPERT_GATE, EXPERT_UP, EXPERT_GATE_UP, EXPERT_DOWN, EXPERT_COMPRESSION,
                    EXPERT_DECOMPRESSION, SHARED_ROUTER, SHARED_GATE, SHARED_UP, SHARED_DOWN, INPUT_GATE,
                    INPUT_PROJECTION -> FEED_FORWARD;
            case OUTPUT, EMBEDDING -> throw new IllegalArgumentException(role + " is in no decoder layer");
        };
    }
}
