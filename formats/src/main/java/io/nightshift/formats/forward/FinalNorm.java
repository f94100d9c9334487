package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.List;

/** The norm behind the last layer: what it gives is what the output matrix reads. */
public final class FinalNorm {
    private final Norm norm;

    private FinalNorm(Norm norm) {
        this.norm = norm;
    }

    /**
     * Reads the weights.
     *
     * @throws io.nightshift.formats.InvalidModelException if they are missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static FinalNorm load(DecoderModel model, ModelWeights weights) throws IOException {
        // LFM2's has the name of a norm behind the embedding.
        String name = model.has("output_norm.weight") ? "output_norm" : "token_embd_norm";
        return new FinalNorm(Norm.read(model, weights, name));
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        return norm.bytes();
    }

    /**
     * Applies it.
     *
     * @param hidden output of the last layer, row-major; replaced by what the output matrix reads
     * @param tokens number of rows
     * @param observer is given the result as the input of {@code output}
     */
    public void apply(float[] hidden, int tokens, ActivationObserver observer, Workers workers) {
        norm.apply(hidden, tokens, hidden, workers);
        LinearInput input = new LinearInput(
                LinearInput.OUTPUT_HEAD, List.of("output"), LinearInput.NO_EXPERT, norm.weights().length);
        if (tokens > 0) {
            observer.inputs(input, hidden, tokens);
        }
    }
}
