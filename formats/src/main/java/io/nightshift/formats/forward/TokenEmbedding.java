package io.nightshift.formats.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.ModelWeights.TensorShape;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import java.io.IOException;
import java.util.Arrays;

/** The first step of the forward pass: tokens become hidden states. Only rows of the tokens and small gaps are read. */
public final class TokenEmbedding {
    private static final String TENSOR = "token_embd.weight";

    /** Bytes between two rows that cost less to read than another request. */
    private static final int GAP = 256 << 10;

    /** Most bytes of a read. */
    private static final int READ = 16 << 20;

    private TokenEmbedding() {}

    /**
     * The hidden states of tokens, scaled as the family scales them.
     *
     * @param tokens their ids, sequences one after another
     * @return {@code tokens.length * model.hiddenSize()} floats, row-major
     * @throws InvalidModelException if an id is not in the vocabulary; the message gives it
     * @throws IOException if the weights cannot be read
     */
    public static float[] embed(DecoderModel model, ModelWeights weights, int[] tokens) throws IOException {
        for (int token : tokens) {
            if (token < 0 || token >= model.vocabulary()) {
                throw new InvalidModelException(weights.location() + ": there is no token " + token
                        + " in its vocabulary of " + model.vocabulary() + ": does the tokenizer belong to the model?");
            }
        }
        int channels = model.hiddenSize();
        float[] hidden = new float[Math.multiplyExact(tokens.length, channels)];
        TensorShape shape = weights.get(TENSOR);
        RowDequantizer dequantizer = Dequantizers.of(shape.type());
        long[] byToken = new long[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            byToken[i] = (long) tokens[i] << 32 | i;
        }
        Arrays.sort(byToken);
        for (int first = 0; first < byToken.length; ) {
            int end = endOfRead(byToken, first, shape.rowBytes());
            int row = token(byToken[first]);
            int lastRow = token(byToken[end - 1]) + 1;
            byte[] block = new byte[(lastRow - row) * shape.rowBytes()];
            weights.read(TENSOR, row, lastRow, block);
            for (; first < end; first++) {
                int at = (token(byToken[first]) - row) * shape.rowBytes();
                dequantizer.dequantize(block, at, hidden, (int) byToken[first] * channels, channels);
            }
        }
        TokenRows.scale(hidden, 0, hidden.length, model.embeddingScale());
        return hidden;
    }

    private static int token(long entry) {
        return (int) (entry >>> 32);
    }

    private static int endOfRead(long[] byToken, int first, int rowBytes) {
        int end = first + 1;
        while (end < byToken.length
                && (token(byToken[end]) - token(byToken[end - 1]) - 1L) * rowBytes <= GAP
                && (token(byToken[end]) - token(byToken[first]) + 1L) * rowBytes <= READ) {
            end++;
        }
        return end;
    }
}
