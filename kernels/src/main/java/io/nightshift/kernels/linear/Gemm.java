package io.nightshift.kernels.linear;

import io.nightshift.kernels.parallel.Workers;
import java.util.Objects;

/**
 * Linear layers: Y[tokens, outputs] = X[tokens, inputs] · W[outputs, inputs]ᵀ + bias. Blocked and packed after Goto and
 * van de Geijn (Anatomy of High-Performance Matrix Multiplication, 2008).
 *
 * <p>An element is the sum, over runs of {@value #RUN} inputs in their order, of a chain of fused multiply-adds that
 * starts from zero; the bias comes first. Weights are turned into floats a block at a time, so that they may be kept in
 * any type: a thread needs 1 MiB for a block of them and of its sums.
 */
public final class Gemm {
    /** Inputs that are summed in one chain. */
    public static final int RUN = 256;

    /** Outputs a block: its packed run of weights stays in the second-level cache. */
    private static final int OUTPUTS = 128;

    /** Tokens a block, a multiple of a tile's rows. */
    private static final int TOKENS = 1536;

    private Gemm() {}

    /**
     * Computes a linear layer.
     *
     * @param activations X
     * @param weights W
     * @param outputs rows of W
     * @param bias one number an output, or null
     * @param result receives Y, row-major, from {@code at} on
     * @param stride distance of two rows of Y, at least {@code outputs}
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void multiply(PackedActivations activations, WeightRows weights, int outputs, float[] bias,
            float[] result, int at, int stride, Workers workers) {
        int tokens = activations.tokens();
        if (tokens == 0 || outputs == 0) {
            return;
        }
        if (stride < outputs) {
            throw new IllegalArgumentException(
                    "rows of " + outputs + " outputs overlap: they are " + stride + " apart");
        }
        Objects.checkFromIndexSize(at, Math.addExact(Math.multiplyExact(tokens - 1, stride), outputs), result.length);
        int outputBlocks = Panels.count(outputs, OUTPUTS);
        int tokenBlocks = Panels.count(tokens, TOKENS);
        workers.run(Math.multiplyExact(outputBlocks, tokenBlocks), piece -> {
            int output = piece % outputBlocks * OUTPUTS;
            int token = piece / outputBlocks * TOKENS;
            block(activations, token, Math.min(TOKENS, tokens - token), weights, output,
                    Math.min(OUTPUTS, outputs - output), bias, result, at + token * stride + output, stride);
        });
    }

    private static void block(PackedActivations activations, int token, int tokens, WeightRows weights, int output,
            int outputs, float[] bias, float[] result, int at, int stride) {
        // Sums stand side by side, for rows of the result may be a power of two apart, which caches take badly.
        float[] sums = new float[tokens * outputs];
        if (bias != null) {
            for (int i = 0; i < tokens; i++) {
                System.arraycopy(bias, output, sums, i * outputs, outputs);
            }
        }
        int inputs = activations.channels();
        int width = TileKernel.COLUMNS;
        float[] rows = new float[outputs * RUN];
        float[] panels = new float[Panels.count(outputs, width) * width * RUN];
        for (int input = 0; input < inputs; input += RUN) {
            int depth = Math.min(RUN, inputs - input);
            weights.read(output, output + outputs, input, depth, rows, RUN);
            Panels.transpose(outputs, depth, rows, 0, RUN, width, panels, 0, width * RUN);
            PanelProduct.add(depth, tokens, activations.panels(), activations.position(token, input),
                    TileKernel.ROWS * depth, outputs, panels, 0, width * RUN, sums, 0, outputs);
        }
        for (int i = 0; i < tokens; i++) {
            System.arraycopy(sums, i * outputs, result, at + i * stride, outputs);
        }
    }
}
