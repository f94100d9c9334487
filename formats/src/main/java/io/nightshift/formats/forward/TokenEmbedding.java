package io.nightshift.formats.forward;

import java.io.IOException;

/** The first step of the forward pass: tokens become hidden states. Only the rows of the tokens are read. */
public final class TokenEmbedding {
    private TokenEmbedding() {}

    /**
     * The hidden states of tokens, scaled as the family scales them.
     *
     * @param tokens their ids, sequences one after another
     * @return {@code tokens.length * model.hiddenSize()} floats, row-major
     * @throws io.nightshift.formats.InvalidModelException if an id is not in the vocabulary; the message gives it
     * @throws IOException if the weights cannot be read
     */
    public static float[] embed(DecoderModel model, ModelWeights weights, int[] tokens) throws IOException {
        throw new UnsupportedOperationException();
    }
}
