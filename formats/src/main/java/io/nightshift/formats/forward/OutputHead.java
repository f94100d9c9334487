package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.Gemm;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.linear.WeightRows;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Softcap;
import java.io.IOException;
import java.util.Objects;

/** The last step of the forward pass, behind the {@link FinalNorm}: output matrix, or embedding if they are tied. */
public final class OutputHead {
    private final StoredMatrix matrix;
    private final float scale;
    private final float softcap;

    private OutputHead(StoredMatrix matrix, float scale, float softcap) {
        this.matrix = matrix;
        this.scale = scale;
        this.softcap = softcap;
    }

    /**
     * Reads the weights.
     *
     * @throws io.nightshift.formats.InvalidModelException if a tensor is missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static OutputHead load(DecoderModel model, ModelWeights weights) throws IOException {
        return new OutputHead(StoredMatrix.read(weights, tensor(weights)), model.logitScale(), model.finalSoftcap());
    }

    /**
     * Reads the weights of a part of the vocabulary, as if there were no more.
     *
     * @param from first token of it
     * @param to token behind the last one
     * @throws io.nightshift.formats.InvalidModelException if the tensor is missing
     * @throws IOException if it cannot be read
     */
    public static OutputHead load(DecoderModel model, ModelWeights weights, int from, int to) throws IOException {
        return new OutputHead(
                StoredMatrix.read(weights, tensor(weights), from, to), model.logitScale(), model.finalSoftcap());
    }

    /** The tensor that is the output matrix: the embedding where they are tied. */
    private static String tensor(ModelWeights weights) {
        return weights.find("output.weight").isPresent() ? "output.weight" : "token_embd.weight";
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        return matrix.bytes();
    }

    /** Number of logits a token: rows of the output matrix. */
    public int vocabulary() {
        return matrix.rows();
    }

    /**
     * Logits of some tokens for a block of the vocabulary, scaled and softcapped where the family does so.
     *
     * @param normalized what {@link FinalNorm} gave
     * @param firstToken the first row of it
     * @param tokens number of rows
     * @param from first token of the vocabulary
     * @param to token behind the last one
     * @param logits receives {@code tokens * (to - from)} logits, row-major
     */
    public void logits(
            float[] normalized, int firstToken, int tokens, int from, int to, float[] logits, Workers workers) {
        Objects.checkFromToIndex(from, to, vocabulary());
        int count = to - from;
        WeightRows block = (first, last, column, columns, into, stride) ->
                matrix.read(from + first, from + last, column, columns, into, stride);
        int channels = matrix.columns();
        Gemm.multiply(PackedActivations.of(normalized, firstToken * channels, tokens, channels, workers),
                block, count, null, logits, 0, count, workers);
        if (scale != 1) {
            TokenRows.each(tokens, workers, token -> TokenRows.scale(logits, token * count, count, scale));
        }
        if (softcap != 0) {
            TokenRows.each(tokens, workers, token -> Softcap.apply(logits, token * count, count, softcap));
        }
    }
}
