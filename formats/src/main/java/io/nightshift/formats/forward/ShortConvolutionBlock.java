package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.CausalConvolution;
import java.io.IOException;

/**
 * The short convolution of LFM2 (transformers, Lfm2ShortConv). One projection makes three numbers a channel: the last passes
 * the convolution, multiplied by the first before it and by the second behind it.
 */
record ShortConvolutionBlock(int layer, Projection input, CausalConvolution convolution, Projection output) implements Mixer {
    private static final String INPUT = Role.CONVOLUTION_INPUT.tensor();
    private static final String OUTPUT = Role.CONVOLUTION_OUTPUT.tensor();

    static ShortConvolutionBlock read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        String kernels = block + "shortconv.conv.weight";
        return new ShortConvolutionBlock(layer, Projection.read(weights, block + INPUT),
                new CausalConvolution(StoredMatrix.readVector(weights, kernels), weights.get(kernels).columns(), false),
                Projection.read(weights, block + OUTPUT));
    }

    @Override
    public long bytes() {
        return input.bytes() + convolution.bytes() + output.bytes();
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int[] starts = Mixer.starts(lengths);
        int tokens = starts[lengths.length];
        float[] three = input.apply(layer, INPUT, normed, tokens, observer, workers);
        float[] mixed = mix(three, starts, lengths, workers);
        return output.apply(layer, OUTPUT, mixed, tokens, observer, workers);
    }

    private float[] mix(float[] three, int[] starts, int[] lengths, Workers workers) {
        int channels = convolution.channels();
        int tokens = starts[lengths.length];
        float[] mixed = new float[Math.multiplyExact(tokens, channels)];
        TokenRows.each(tokens, workers, token -> {
            int at = token * 3 * channels;
            for (int i = 0; i < channels; i++) {
                mixed[token * channels + i] = three[at + i] * three[at + 2 * channels + i];
            }
        });
        convolution.apply(mixed, starts, lengths, workers);
        TokenRows.each(tokens, workers, token -> {
            int at = (token * 3 + 1) * channels;
            for (int i = 0; i < channels; i++) {
                mixed[token * channels + i] *= three[at + i];
            }
        });
        return mixed;
    }
}
