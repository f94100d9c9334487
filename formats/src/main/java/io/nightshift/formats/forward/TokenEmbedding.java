package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import java.io.IOException;

/** The first step of the forward pass: tokens become hidden states. Only rows of the tokens and small gaps are read. */
public final class TokenEmbedding {
    private static final String TENSOR = "token_embd.weight";

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
        int channels = model.hiddenSize();
        float[] hidden = new float[Math.multiplyExact(tokens.length, channels)];
        EmbeddingRows.read(weights, TENSOR, tokens, (index, row) ->
                System.arraycopy(row, 0, hidden, index * channels, channels));
        TokenRows.scale(hidden, 0, hidden.length, model.embeddingScale());
        return hidden;
    }
}
