package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.Gemm;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.List;

/**
 * A linear layer: a matrix, and a bias where the model has one.
 *
 * @param bias or null
 */
record Projection(StoredMatrix matrix, float[] bias) {
    /** Reads the layer of that name, such as {@code blk.0.attn_q}. */
    static Projection read(ModelWeights weights, String name) throws IOException {
        String bias = name + ".bias";
        return new Projection(StoredMatrix.read(weights, name + ".weight"),
                weights.find(bias).isPresent() ? StoredMatrix.readVector(weights, bias) : null);
    }

    /** Reads the layer of one expert out of the tensor that stacks them. */
    static Projection readExpert(ModelWeights weights, String name, int expert, int experts) throws IOException {
        long rows = weights.get(name + ".weight").rows() / experts;
        String bias = name + ".bias";
        return new Projection(
                StoredMatrix.read(weights, name + ".weight", expert * rows, (expert + 1) * rows),
                weights.find(bias).isPresent() ? StoredMatrix.readVector(weights, bias, expert, expert + 1) : null);
    }

    int outputs() {
        return matrix.rows();
    }

    long bytes() {
        return matrix.bytes() + (bias == null ? 0 : 4L * bias.length);
    }

    /** The layer's output for all tokens, row-major. */
    float[] apply(PackedActivations inputs, Workers workers) {
        float[] result = new float[Math.multiplyExact(inputs.tokens(), outputs())];
        apply(inputs, result, 0, outputs(), workers);
        return result;
    }

    /**
     * The same of inputs that no other layer reads, and that an observer is shown first.
     *
     * @param layer the decoder layer
     * @param name of this one within it, as GGUF has it
     * @param inputs of all tokens, row-major
     */
    float[] apply(int layer, String name, float[] inputs, int tokens, ActivationObserver observer, Workers workers) {
        int channels = matrix.columns();
        observer.inputs(new LinearInput(layer, List.of(name), LinearInput.NO_EXPERT, channels), inputs, tokens);
        return apply(PackedActivations.of(inputs, 0, tokens, channels, workers), workers);
    }

    /** Writes token t's output to {@code at + t * stride}. */
    void apply(PackedActivations inputs, float[] result, int at, int stride, Workers workers) {
        Gemm.multiply(inputs, matrix, outputs(), bias, result, at, stride, workers);
    }
}
