package io.nightshift.formats.forward;

/** The halves of a decoder layer, each of which adds its output to the hidden states. */
public enum LayerHalf {
    ATTENTION,
    FEED_FORWARD
}
