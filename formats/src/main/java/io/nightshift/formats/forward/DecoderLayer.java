package io.nightshift.formats.forward;

import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/**
 * One layer with its weights in memory, in the types that they are stored in. Immutable: several tasks may run
 * sequences through it at once, each with workers and observer of its own.
 */
public final class DecoderLayer {
    private DecoderLayer() {}

    /**
     * Reads a layer's weights, each byte once.
     *
     * @param layer 0 to {@code model.layers() - 1}
     * @throws io.nightshift.formats.InvalidModelException if a tensor is missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static DecoderLayer load(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        throw new UnsupportedOperationException();
    }

    /**
     * Runs sequences through the layer. Results are the same bits whatever the number of workers, the width of vectors
     * and the grouping of sequences.
     *
     * @param hidden the hidden states of all sequences, one after another, row-major; replaced by the layer's output.
     *     Every sequence starts at position 0 and attends to itself alone
     * @param sequenceLengths tokens of each sequence
     */
    public void forward(float[] hidden, int[] sequenceLengths, ActivationObserver observer, Workers workers) {
        throw new UnsupportedOperationException();
    }
}
