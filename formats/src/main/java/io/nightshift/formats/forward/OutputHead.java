package io.nightshift.formats.forward;

import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/** The last step of the forward pass: the final norm and the output matrix, or the embedding where that is tied. */
public final class OutputHead {
    private OutputHead() {}

    /**
     * Reads the weights.
     *
     * @throws io.nightshift.formats.InvalidModelException if a tensor is missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static OutputHead load(DecoderModel model, ModelWeights weights) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        throw new UnsupportedOperationException();
    }

    /** Number of logits a token: rows of the output matrix. */
    public int vocabulary() {
        throw new UnsupportedOperationException();
    }

    /**
     * The final norm.
     *
     * @param hidden output of the last layer, row-major; replaced by what the output matrix reads
     * @param tokens number of rows
     * @param observer is given the result as the input of {@code output}
     */
    public void normalize(float[] hidden, int tokens, ActivationObserver observer, Workers workers) {
        throw new UnsupportedOperationException();
    }

    /**
     * Logits of some tokens for a block of the vocabulary, softcapped where the family does so.
     *
     * @param normalized what {@link #normalize} gave
     * @param firstToken the first row of it
     * @param tokens number of rows
     * @param from first token of the vocabulary
     * @param to token behind the last one
     * @param logits receives {@code tokens * (to - from)} logits, row-major
     */
    public void logits(
            float[] normalized, int firstToken, int tokens, int from, int to, float[] logits, Workers workers) {
        throw new UnsupportedOperationException();
    }
}
