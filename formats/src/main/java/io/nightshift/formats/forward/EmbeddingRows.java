package io.nightshift.formats.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.ModelWeights.TensorShape;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import java.io.IOException;
import java.util.Arrays;

/** Looks tokens up in an embedding. Only their rows and small gaps are read, at most {@value #READ} bytes at once. */
final class EmbeddingRows {
    /** Bytes between two rows that cost less to read than another request. */
    private static final int GAP = 256 << 10;

    /** Most bytes of a read. */
    private static final int READ = 16 << 20;

    private EmbeddingRows() {}

    /** Takes rows, in any order. */
    interface Sink {
        /**
         * Takes a row.
         *
         * @param index place of the token among those that were asked for
         * @param row as many numbers as the embedding has columns; valid during the call
         */
        void accept(int index, float[] row);
    }

    /**
     * Reads the rows of tokens.
     *
     * @param tensor the embedding, by its name in GGUF
     * @throws InvalidModelException if the embedding has no row for a token; the message gives it
     * @throws IOException if the weights cannot be read
     */
    static void read(ModelWeights weights, String tensor, int[] tokens, Sink sink) throws IOException {
        TensorShape shape = weights.get(tensor);
        RowDequantizer dequantizer = Dequantizers.of(shape.type());
        long[] byToken = new long[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= shape.rows()) {
                throw new InvalidModelException(weights.location() + ": there is no token " + tokens[i]
                        + " in its vocabulary of " + shape.rows() + ": does the tokenizer belong to the model?");
            }
            byToken[i] = (long) tokens[i] << 32 | i;
        }
        Arrays.sort(byToken);
        float[] values = new float[shape.columns()];
        for (int first = 0; first < byToken.length; ) {
            int end = endOfRead(byToken, first, shape.rowBytes());
            int row = token(byToken[first]);
            int lastRow = token(byToken[end - 1]) + 1;
            byte[] block = new byte[(lastRow - row) * shape.rowBytes()];
            weights.read(tensor, row, lastRow, block);
            for (; first < end; first++) {
                int at = (token(byToken[first]) - row) * shape.rowBytes();
                dequantizer.dequantize(block, at, values, 0, values.length);
                sink.accept((int) byToken[first], values);
            }
        }
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
