package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.GatedDeltaRule;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import io.nightshift.kernels.transformer.CausalConvolution;
import io.nightshift.kernels.transformer.Sigmoid;
import io.nightshift.kernels.transformer.Softplus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Linear attention of Qwen3-Next and Qwen3.5 (transformers, Qwen3_5GatedDeltaNet): queries, keys and values of one projection
 * pass a short convolution, states that change by the gated delta rule mix them, and what these give is normalized and gated.
 *
 * @param rates what a state's decay is multiplied by, below 0, one a value head
 * @param bias is added to what decays follow from, one a value head
 * @param keyScale of unit keys, one a channel of a head; {@code queryScale} likewise
 */
record DeltaRuleBlock(int layer, GatedDeltaRule rule, Projection input, Projection gate, StateGates stateGates,
        CausalConvolution convolution, float[] rates, float[] bias, Norm keyScale, Norm queryScale, Norm norm,
        Projection output) implements Mixer {
    /** Is added to the sum of a head's squares before the root is taken (transformers, l2norm). */
    private static final double UNIT_EPSILON = 1e-6;

    static DeltaRuleBlock read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        GatedDeltaRule rule = model.deltaRule();
        int width = weights.get(block + "ssm_conv1d.weight").columns();
        return new DeltaRuleBlock(layer, rule,
                Projection.read(weights, block + "attn_qkv"), Projection.read(weights, block + "attn_gate"),
                StateGates.read(model, weights, block),
                new CausalConvolution(StoredMatrix.readVector(weights, block + "ssm_conv1d.weight"), width, true),
                StoredMatrix.readVector(weights, block + "ssm_a"), StoredMatrix.readVector(weights, block + "ssm_dt.bias"),
                unit(rule, Math.sqrt(rule.keySize())), unit(rule, rule.keySize()),
                Norm.read(model, weights, block + "ssm_norm"), Projection.read(weights, block + "ssm_out"));
    }

    /** A root mean square norm that makes a head's length 1, or what is left of that by a further divisor. */
    private static Norm unit(GatedDeltaRule rule, double divisor) {
        float[] scale = new float[rule.keySize()];
        Arrays.fill(scale, (float) (1 / divisor));
        return new Norm(scale, (float) (UNIT_EPSILON / rule.keySize()));
    }

    @Override
    public long bytes() {
        return input.bytes() + gate.bytes() + stateGates.bytes() + output.bytes() + convolution.bytes()
                + norm.bytes() + 4L * (rates.length + bias.length + 2 * rule.keySize());
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int channels = input.matrix().columns();
        int[] starts = Mixer.starts(lengths);
        int tokens = starts[lengths.length];
        List<String> readers = Stream.concat(Stream.of("attn_qkv", "attn_gate"), stateGates.names().stream()).toList();
        observer.inputs(new LinearInput(layer, readers, LinearInput.NO_EXPERT, channels), normed, tokens);
        PackedActivations packed = PackedActivations.of(normed, 0, tokens, channels, workers);
        float[] states = read(packed, starts, lengths, workers);
        gate(states, gate.apply(packed, workers), tokens, workers);
        return output.apply(layer, "ssm_out", states, tokens, observer, workers);
    }

    /** What queries read from the states. */
    private float[] read(PackedActivations packed, int[] starts, int[] lengths, Workers workers) {
        int stride = input.outputs();
        float[] mixed = input.apply(packed, workers);
        convolution.apply(mixed, starts, lengths, workers);
        int keys = rule.keyHeads() * rule.keySize();
        TokenRows.each(packed.tokens(), workers, token -> {
            queryScale.applyToHeads(mixed, token * stride, keys);
            keyScale.applyToHeads(mixed, token * stride + keys, keys);
        });
        StateGates.Outputs gates = stateGates.apply(packed, workers);
        float[] decays = gates.decays();
        float[] shares = gates.changes();
        TokenRows.each(packed.tokens(), workers, token -> {
            for (int head = 0; head < rule.valueHeads(); head++) {
                int at = token * rule.valueHeads() + head;
                decays[at] = rates[head] * Softplus.of(decays[at] + bias[head]);
                shares[at] = Sigmoid.of(shares[at]);
            }
        });
        int values = rule.valueHeads() * rule.valueSize();
        float[] states = new float[Math.multiplyExact(packed.tokens(), values)];
        workers.run(Math.multiplyExact(lengths.length, rule.valueHeads()), piece -> {
            int sequence = piece / rule.valueHeads();
            int start = starts[sequence];
            rule.apply(piece % rule.valueHeads(), mixed, start * stride, stride, decays, shares, start * rule.valueHeads(),
                    lengths[sequence], states, start * values, values);
        });
        return states;
    }

    private void gate(float[] states, float[] gates, int tokens, Workers workers) {
        int values = rule.valueHeads() * rule.valueSize();
        TokenRows.each(tokens, workers, token -> {
            int at = token * values;
            norm.applyToHeads(states, at, values);
            Activation.SILU.gate(gates, at, states, at, values, states, at);
        });
    }
}
