package io.nightshift.formats.weights;

import io.nightshift.formats.checkpoint.Checkpoint;
import java.io.IOException;

/** A quantized model whose structure has been checked. */
public interface QuantizedModel {
    /**
     * What it holds.
     *
     * @throws IOException if it cannot be read
     */
    ModelListing listing() throws IOException;

    /**
     * What it is in a few words.
     *
     * @throws IOException if it cannot be read
     */
    default String summary() throws IOException {
        return listing().tensors().size() + " tensors";
    }

    /**
     * Checks that it was made of a checkpoint: that what it says of itself is what the checkpoint says.
     *
     * @throws io.nightshift.formats.InvalidModelException if it is of another architecture, or a hyperparameter is
     *     another; the message names it and both values
     * @throws IOException if one of both cannot be read
     */
    void requireMadeOf(Checkpoint original) throws IOException;

    /**
     * Its weights.
     *
     * @param original the tensors of the checkpoint that it was made of
     * @throws io.nightshift.formats.InvalidModelException if a tensor is missing or of another shape than the
     *     original's; the message names both models
     */
    ModelWeights weights(ModelTensors original);
}
