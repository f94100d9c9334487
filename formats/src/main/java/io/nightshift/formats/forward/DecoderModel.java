package io.nightshift.formats.forward;

import io.nightshift.formats.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.Serializable;

/**
 * What a forward pass needs to know of a model besides its weights, from {@code config.json}. Small and serializable: a
 * driver makes it, executors use it.
 */
public final class DecoderModel implements Serializable {
    private static final long serialVersionUID = 1;

    private DecoderModel() {}

    /**
     * The model of a checkpoint.
     *
     * @throws io.nightshift.formats.InvalidModelException if its architecture is not supported, a tensor is missing, or
     *     the configuration asks for what the forward pass does not have; the message names it
     * @throws IOException if the checkpoint cannot be read
     */
    public static DecoderModel of(Checkpoint checkpoint) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Number of decoder layers. */
    public int layers() {
        throw new UnsupportedOperationException();
    }

    /** Channels of a hidden state. */
    public int hiddenSize() {
        throw new UnsupportedOperationException();
    }

    /** Number of token ids: rows of the embedding. */
    public int vocabulary() {
        throw new UnsupportedOperationException();
    }

    /** The longest sequence that the model is made for ({@code max_position_embeddings}). */
    public int longestSequence() {
        throw new UnsupportedOperationException();
    }

    /** Experts a layer, 0 where there are none. */
    public int experts() {
        throw new UnsupportedOperationException();
    }
}
