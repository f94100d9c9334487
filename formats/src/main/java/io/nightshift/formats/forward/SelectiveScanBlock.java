package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.SelectiveScan;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import io.nightshift.kernels.transformer.CausalConvolution;
import io.nightshift.kernels.transformer.Softplus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A layer of Mamba 2 (Dao and Gu, 2024; transformers, GraniteMoeHybridMambaLayer). One projection makes a gate, channels with
 * what they are written to the states by and read by, and time steps; the channels and these pass a short convolution, the
 * states mix them, and what these give is gated and normalized, the channels of each group of heads by themselves.
 *
 * @param rates what a state's decay is multiplied by, below 0, one a head
 * @param bias is added to what time steps follow from, one a head
 * @param skips what a head's own channels are multiplied by
 * @param norms one a group; none where there is no norm
 */
record SelectiveScanBlock(int layer, SelectiveScan scan, Projection input, CausalConvolution convolution, float[] rates,
        float[] bias, float[] skips, List<Norm> norms, Projection output) implements Mixer {
    private static final String INPUT = Role.STATE_INPUT.tensor();
    private static final String OUTPUT = Role.STATE_OUTPUT.tensor();

    static SelectiveScanBlock read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        String kernels = block + "ssm_conv1d.weight";
        String biases = block + "ssm_conv1d.bias";
        SelectiveScan scan = model.scan();
        CausalConvolution convolution = new CausalConvolution(
                StoredMatrix.readVector(weights, kernels), weights.get(kernels).columns(),
                model.has(biases) ? StoredMatrix.readVector(weights, biases) : new float[scan.inputs()], true);
        return new SelectiveScanBlock(layer, scan, Projection.read(weights, block + INPUT), convolution,
                StoredMatrix.readVector(weights, block + "ssm_a"), StoredMatrix.readVector(weights, block + "ssm_dt.bias"),
                StoredMatrix.readVector(weights, block + "ssm_d"), norms(model, weights, block + "ssm_norm.weight"),
                Projection.read(weights, block + OUTPUT));
    }

    private static List<Norm> norms(DecoderModel model, ModelWeights weights, String name) throws IOException {
        if (!model.has(name)) {
            return List.of();
        }
        float[] all = StoredMatrix.readVector(weights, name);
        int groups = model.scan().groups();
        int each = all.length / groups;
        Norm[] norms = new Norm[groups];
        for (int group = 0; group < groups; group++) {
            norms[group] = new Norm(Arrays.copyOfRange(all, group * each, (group + 1) * each), model.epsilon());
        }
        return List.of(norms);
    }

    @Override
    public long bytes() {
        return input.bytes() + convolution.bytes() + norms.stream().mapToLong(Norm::bytes).sum() + output.bytes()
                + (long) Float.BYTES * (rates.length + bias.length + skips.length);
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int[] starts = Mixer.starts(lengths);
        int tokens = starts[lengths.length];
        float[] projected = input.apply(layer, INPUT, normed, tokens, observer, workers);
        float[] states = read(projected, starts, lengths, workers);
        gate(states, projected, tokens, workers);
        return output.apply(layer, OUTPUT, states, tokens, observer, workers);
    }

    /** What the states give. */
    private float[] read(float[] projected, int[] starts, int[] lengths, Workers workers) {
        int stride = input.outputs();
        int channels = scan.channels();
        int inputs = scan.inputs();
        int heads = scan.heads();
        int tokens = starts[lengths.length];
        float[] mixed = new float[Math.multiplyExact(tokens, inputs)];
        float[] decays = new float[tokens * heads];
        float[] steps = new float[tokens * heads];
        TokenRows.each(tokens, workers, token -> {
            System.arraycopy(projected, token * stride + channels, mixed, token * inputs, inputs);
            for (int head = 0; head < heads; head++) {
                float step = Softplus.of(projected[token * stride + channels + inputs + head] + bias[head]);
                steps[token * heads + head] = step;
                decays[token * heads + head] = rates[head] * step;
            }
        });
        convolution.apply(mixed, starts, lengths, workers);
        float[] states = new float[Math.multiplyExact(tokens, channels)];
        workers.run(Math.multiplyExact(lengths.length, scan.pieces()), piece -> {
            int sequence = piece / scan.pieces();
            int start = starts[sequence];
            scan.apply(piece % scan.pieces(), mixed, start * inputs, inputs, decays, steps, start * heads, skips,
                    lengths[sequence], states, start * channels, channels);
        });
        return states;
    }

    private void gate(float[] states, float[] projected, int tokens, Workers workers) {
        int stride = input.outputs();
        int channels = scan.channels();
        TokenRows.each(tokens, workers, token -> {
            int at = token * channels;
            Activation.SILU.gate(projected, token * stride, states, at, channels, states, at);
            for (int group = 0; group < norms.size(); group++) {
                int each = channels / norms.size();
                norms.get(group).applyToHeads(states, at + group * each, each);
            }
        });
    }
}
