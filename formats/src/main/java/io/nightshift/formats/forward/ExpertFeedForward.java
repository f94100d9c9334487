package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.Activation;
import io.nightshift.kernels.transformer.ExpertChoice;
import io.nightshift.kernels.transformer.ExpertRouter;
import io.nightshift.kernels.transformer.ExpertRouting;
import io.nightshift.kernels.transformer.Sigmoid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A mixture of experts: each token passes the few that its router chooses, and their outputs are added, weighted. In some
 * families there is one more, shared by all tokens; in some what experts read and give is less than hidden states.
 *
 * @param scales what experts' outputs are multiplied by besides their weights, one an expert, or null
 * @param bias what shifts the experts' scores where they are compared, or null
 */
record ExpertFeedForward(int layer, Activation activation, Projection router, float[] bias, float[] scales,
        ExpertRouting routing, List<Expert> experts, Optional<Latent> latent, Optional<Shared> shared) implements FeedForward {
    private static final String BIAS = "exp_probs_b.bias";
    private static final String GATE = Role.EXPERT_GATE.tensor();
    private static final String UP = Role.EXPERT_UP.tensor();
    private static final String GATE_UP = Role.EXPERT_GATE_UP.tensor();
    private static final String DOWN = Role.EXPERT_DOWN.tensor();
    private static final String SHARED_GATE = Role.SHARED_GATE.tensor();
    private static final String SHARED_UP = Role.SHARED_UP.tensor();
    private static final String COMPRESSION = Role.EXPERT_COMPRESSION.tensor();
    private static final String DECOMPRESSION = Role.EXPERT_DECOMPRESSION.tensor();
    private static final String SCALES = "ffn_down_exps.scale";

    /** An expert that every token passes; a projection, if there is one, says how much of its output each one gets. */
    private record Shared(Optional<Projection> share, Expert expert) {
        static Optional<Shared> find(DecoderModel model, ModelWeights weights, String block) throws IOException {
            if (!model.has(block + SHARED_UP + ".weight")) {
                return Optional.empty();
            }
            Optional<Projection> share = model.has(block + "ffn_gate_inp_shexp.weight")
                    ? Optional.of(Projection.read(weights, block + "ffn_gate_inp_shexp"))
                    : Optional.empty();
            Optional<Projection> gate = model.has(block + SHARED_GATE + ".weight")
                    ? Optional.of(Projection.read(weights, block + SHARED_GATE))
                    : Optional.empty();
            return Optional.of(new Shared(share, new Expert(gate, Projection.read(weights, block + SHARED_UP),
                    Projection.read(weights, block + "ffn_down_shexp"))));
        }

        long bytes() {
            return share.map(Projection::bytes).orElse(0L) + expert.bytes();
        }

        /** What is read with the router's input. */
        Stream<String> readers() {
            return Stream.of(share.map(projection -> "ffn_gate_inp_shexp"), expert.gate().map(gate -> SHARED_GATE),
                    Optional.of(SHARED_UP)).flatMap(Optional::stream);
        }
    }

    /** What makes hidden states less for the experts, and hidden states of what they give. */
    private record Latent(Projection compression, Projection decompression) {
        static Optional<Latent> find(DecoderModel model, ModelWeights weights, String block) throws IOException {
            return model.has(block + COMPRESSION + ".weight")
                    ? Optional.of(new Latent(Projection.read(weights, block + COMPRESSION),
                            Projection.read(weights, block + DECOMPRESSION)))
                    : Optional.empty();
        }

        long bytes() {
            return compression.bytes() + decompression.bytes();
        }
    }

    /**
     * A feed-forward block of its own.
     *
     * @param gate nothing where it is the first half of {@code up}, or where there is none
     */
    private record Expert(Optional<Projection> gate, Projection up, Projection down) {
        static Expert read(DecoderModel model, ModelWeights weights, String block, int index) throws IOException {
            int count = model.experts();
            boolean joined = model.has(block + GATE_UP + ".weight");
            return new Expert(
                    model.has(block + GATE + ".weight")
                            ? Optional.of(Projection.readExpert(weights, block + GATE, index, count))
                            : Optional.empty(),
                    Projection.readExpert(weights, block + (joined ? GATE_UP : UP), index, count),
                    Projection.readExpert(weights, block + DOWN, index, count));
        }

        List<String> readers() {
            return gate.isPresent() ? List.of(GATE, UP) : List.of(isGated() ? GATE_UP : UP);
        }

        private boolean isGated() {
            return gate.isPresent() || up.outputs() == 2 * down.matrix().columns();
        }

        float[] inner(Activation activation, PackedActivations inputs, Workers workers) {
            if (!isGated()) {
                return FeedForward.activated(up, activation, inputs, workers);
            }
            return gate.isPresent()
                    ? FeedForward.gated(gate.get(), up, activation, inputs, workers)
                    : FeedForward.gatedByFirstHalf(up, activation, inputs, workers);
        }

        long bytes() {
            return gate.map(Projection::bytes).orElse(0L) + up.bytes() + down.bytes();
        }
    }

    static ExpertFeedForward read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        List<Expert> experts = new ArrayList<>();
        for (int i = 0; i < model.experts(); i++) {
            experts.add(Expert.read(model, weights, block, i));
        }
        return new ExpertFeedForward(layer, model.activation(), Projection.read(weights, block + "ffn_gate_inp"),
                model.has(block + BIAS) ? StoredMatrix.readVector(weights, block + BIAS) : null,
                model.has(block + SCALES) ? StoredMatrix.readVector(weights, block + SCALES) : null,
                model.expertRouting(), List.copyOf(experts), Latent.find(model, weights, block),
                Shared.find(model, weights, block));
    }

    @Override
    public long bytes() {
        return router.bytes() + (bias == null ? 0 : 4L * bias.length) + (scales == null ? 0 : 4L * scales.length)
                + experts.stream().mapToLong(Expert::bytes).sum() + latent.map(Latent::bytes).orElse(0L)
                + shared.map(Shared::bytes).orElse(0L);
    }

    @Override
    public float[] forward(float[] normed, int tokens, ActivationObserver observer, Workers workers) {
        return forward(normed, normed, tokens, observer, workers);
    }

    /** The same where the router reads something else than the experts. */
    float[] forward(float[] steering, float[] normed, int tokens, ActivationObserver observer, Workers workers) {
        int channels = router.matrix().columns();
        List<String> readers = Stream.of(Stream.of("ffn_gate_inp"), latent.map(projections -> COMPRESSION).stream(),
                shared.stream().flatMap(Shared::readers)).flatMap(names -> names).toList();
        observer.inputs(new LinearInput(layer, readers, LinearInput.NO_EXPERT, channels), steering, tokens);
        PackedActivations packed = PackedActivations.of(normed, 0, tokens, channels, workers);
        float[] logits = router.apply(
                steering == normed ? packed : PackedActivations.of(steering, 0, tokens, channels, workers), workers);
        ExpertChoice choice = ExpertRouter.choose(logits, bias, tokens, experts.size(), routing);
        scale(choice);
        observer.routed(layer, choice);

        float[] sum = latent.isEmpty()
                ? mixed(choice, normed, packed, observer, workers)
                : throughLatents(latent.get(), choice, packed, observer, workers);
        shared.ifPresent(all -> addShared(all, packed, observer, sum, workers));
        return sum;
    }

    private float[] throughLatents(
            Latent latents, ExpertChoice choice, PackedActivations packed, ActivationObserver observer, Workers workers) {
        int tokens = packed.tokens();
        int channels = latents.compression().outputs();
        float[] inputs = latents.compression().apply(packed, workers);
        float[] given = mixed(choice, inputs, PackedActivations.of(inputs, 0, tokens, channels, workers), observer, workers);
        return latents.decompression().apply(layer, DECOMPRESSION, given, tokens, observer, workers);
    }

    /** What the chosen experts give for each token, weighted and added. */
    private float[] mixed(
            ExpertChoice choice, float[] inputs, PackedActivations packed, ActivationObserver observer, Workers workers) {
        int tokens = packed.tokens();
        int channels = packed.channels();
        float[] sum = new float[tokens * channels];
        for (int i = 0; i < experts.size(); i++) {
            Routed routed = Routed.to(i, choice);
            if (observer.routesAllExperts()) {
                float[] inner = inner(i, inputs, tokens, packed, observer, workers);
                int innerChannels = experts.get(i).down().matrix().columns();
                finish(i, routed, routed.gather(inner, innerChannels), sum, workers);
            } else if (routed.count() > 0) {
                float[] own = routed.gather(inputs, channels);
                PackedActivations ownPacked = PackedActivations.of(own, 0, routed.count(), channels, workers);
                finish(i, routed, inner(i, own, routed.count(), ownPacked, observer, workers), sum, workers);
            }
        }
        return sum;
    }

    private void scale(ExpertChoice choice) {
        for (int i = 0; scales != null && i < choice.chosen().length; i++) {
            choice.weights()[i] *= scales[choice.chosen()[i]];
        }
    }

    private void addShared(
            Shared all, PackedActivations packed, ActivationObserver observer, float[] sum, Workers workers) {
        int tokens = packed.tokens();
        float[] inner = all.expert().inner(activation, packed, workers);
        float[] output = all.expert().down().apply(layer, "ffn_down_shexp", inner, tokens, observer, workers);
        Optional<float[]> logits = all.share().map(projection -> projection.apply(packed, workers));
        int channels = all.expert().down().outputs();
        TokenRows.each(tokens, workers, token -> {
            float share = logits.map(each -> Sigmoid.of(each[token])).orElse(1f);
            for (int i = token * channels; i < (token + 1) * channels; i++) {
                sum[i] += output[i] * share;
            }
        });
    }

    private float[] inner(int index, float[] inputs, int tokens, PackedActivations packed, ActivationObserver observer,
            Workers workers) {
        Expert expert = experts.get(index);
        observer.inputs(new LinearInput(layer, expert.readers(), index, packed.channels()), inputs, tokens);
        float[] inner = expert.inner(activation, packed, workers);
        int innerChannels = expert.down().matrix().columns();
        observer.inputs(new LinearInput(layer, List.of(DOWN), index, innerChannels), inner, tokens);
        return inner;
    }

    private void finish(int index, Routed routed, float[] inner, float[] sum, Workers workers) {
        Projection down = experts.get(index).down();
        int channels = down.outputs();
        float[] output = down.apply(
                PackedActivations.of(inner, 0, routed.count(), down.matrix().columns(), workers), workers);
        for (int i = 0; i < routed.count(); i++) {
            int to = routed.tokens()[i] * channels;
            float weight = routed.weights()[i];
            for (int channel = 0; channel < channels; channel++) {
                sum[to + channel] += output[i * channels + channel] * weight;
            }
        }
    }

    /** The tokens of one expert, in their order, and what its outputs are multiplied by. */
    private record Routed(int[] tokens, float[] weights) {
        static Routed to(int expert, ExpertChoice choice) {
            int count = Math.toIntExact(choice.tokensOfExperts()[expert]);
            int[] tokens = new int[count];
            float[] weights = new float[count];
            int next = 0;
            for (int i = 0; i < choice.chosen().length; i++) {
                if (choice.chosen()[i] == expert) {
                    tokens[next] = i / choice.perToken();
                    weights[next++] = choice.weights()[i];
                }
            }
            return new Routed(tokens, weights);
        }

        int count() {
            return tokens.length;
        }

        float[] gather(float[] rows, int channels) {
            float[] gathered = new float[tokens.length * channels];
            for (int i = 0; i < tokens.length; i++) {
                System.arraycopy(rows, tokens[i] * channels, gathered, i * channels, channels);
            }
            return gathered;
        }
    }
}
