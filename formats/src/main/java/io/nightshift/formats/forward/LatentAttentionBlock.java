package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.HeadAttention;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.linear.TokenChannels;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.RmsNorm;
import io.nightshift.kernels.transformer.RotaryTable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Multi-head latent attention (DeepSeek V2, 2024), its keys and values decompressed: of whole sequences that takes fewer
 * products than attention to compressed ones. An observer is told all the same what GGUF's two parts of the decompression would
 * read in a model that attends to compressed states, as llama.cpp's do: queries, and what attention mixes of these states.
 *
 * @param compression of queries, where there is one; {@code queries} reads what it gives
 */
record LatentAttentionBlock(int layer, LatentShape shape, HeadAttention attention, RotaryTables tables,
        Optional<Compression> compression, Projection queries, Compression states, Projection decompression, Projection output)
        implements Mixer {
    /** Of the norms of compressed channels, whatever the configuration says of the others (transformers). */
    private static final float EPSILON = 1e-6f;

    /** A projection, and the norm of the first channels that it gives. */
    private record Compression(Projection projection, Norm norm) {
        static Compression read(ModelWeights weights, String projection, String norm) throws IOException {
            return new Compression(Projection.read(weights, projection),
                    new Norm(StoredMatrix.readVector(weights, norm + ".weight"), EPSILON));
        }

        long bytes() {
            return projection.bytes() + norm.bytes();
        }

        /** The normalized channels of what the projection gave, one token behind another. */
        float[] normed(float[] projected, int tokens, Workers workers) {
            int channels = norm.weights().length;
            float[] normed = new float[Math.multiplyExact(tokens, channels)];
            TokenRows.each(tokens, workers, token -> RmsNorm.normalize(
                    projected, token * projection.outputs(), norm.weights(), norm.epsilon(), normed, token * channels));
            return normed;
        }
    }

    static LatentAttentionBlock read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        boolean compressed = model.has(block + "attn_q_a.weight");
        return new LatentAttentionBlock(layer, model.latent(), model.latentAttention(layer),
                new RotaryTables(model.rotary(layer).orElseThrow()),
                compressed
                        ? Optional.of(Compression.read(weights, block + "attn_q_a", block + "attn_q_a_norm"))
                        : Optional.empty(),
                Projection.read(weights, block + (compressed ? "attn_q_b" : "attn_q")),
                Compression.read(weights, block + "attn_kv_a_mqa", block + "attn_kv_a_norm"),
                Projection.read(weights, block + Role.DECOMPRESSION.tensor()),
                Projection.read(weights, block + "attn_output"));
    }

    @Override
    public long bytes() {
        return compression.map(Compression::bytes).orElse(0L) + queries.bytes() + states.bytes() + decompression.bytes()
                + output.bytes();
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int channels = states.projection().matrix().columns();
        int[] starts = Mixer.starts(lengths);
        int tokens = starts[lengths.length];
        observe(observer, List.of(compression.isPresent() ? "attn_q_a" : "attn_q", "attn_kv_a_mqa"), normed, tokens, channels);
        PackedActivations packed = PackedActivations.of(normed, 0, tokens, channels, workers);
        float[] asked = queries(packed, observer, workers);
        float[] compressed = states.projection().apply(packed, workers);
        for (int i = 0; i < lengths.length; i++) {
            rotate(asked, compressed, starts[i], lengths[i], workers);
        }
        float[] latent = states.normed(compressed, tokens, workers);
        observe(observer, List.of(Role.DECOMPRESSION.tensor()), latent, tokens, shape.rank());
        float[] decompressed = decompression.apply(PackedActivations.of(latent, 0, tokens, shape.rank(), workers), workers);
        if (observer.seesHeads()) {
            showQueries(asked, tokens, observer);
            showMixedStates(new Attended(asked, decompressed, compressed), latent, starts, lengths, observer, workers);
        }
        float[] mixed = attend(new Attended(asked, decompressed, compressed), starts, lengths, workers);
        int values = shape.heads() * shape.value();
        observe(observer, List.of(Role.ATTENTION_OUTPUT.tensor()), mixed, tokens, values);
        return output.apply(PackedActivations.of(mixed, 0, tokens, values, workers), workers);
    }

    private void observe(ActivationObserver observer, List<String> linears, float[] activations, int tokens, int channels) {
        observer.inputs(new LinearInput(layer, linears, LinearInput.NO_EXPERT, channels), activations, tokens);
    }

    private float[] queries(PackedActivations packed, ActivationObserver observer, Workers workers) {
        if (compression.isEmpty()) {
            return queries.apply(packed, workers);
        }
        int rank = queries.matrix().columns();
        float[] compressed = compression.get().projection().apply(packed, workers);
        float[] normed = compression.get().normed(compressed, packed.tokens(), workers);
        observe(observer, List.of("attn_q_b"), normed, packed.tokens(), rank);
        return queries.apply(PackedActivations.of(normed, 0, packed.tokens(), rank, workers), workers);
    }

    /** Turns the last channels of each head of queries, and those of keys that all heads share. */
    private void rotate(float[] asked, float[] compressed, int start, int length, Workers workers) {
        RotaryTable table = tables.of(length);
        TokenRows.each(length, workers, position -> {
            int token = start + position;
            for (int head = 0; head < shape.heads(); head++) {
                int at = (token * shape.heads() + head) * shape.query() + shape.unrotated();
                table.rotateNeighbours(asked, at, 1, shape.rotated(), position);
            }
            table.rotateNeighbours(compressed, token * (shape.rank() + shape.rotated()) + shape.rank(), 1, shape.rotated(),
                    position);
        });
    }

    /**
     * What attention works on, of all tokens.
     *
     * @param asked queries, head by head
     * @param decompressed of each head its own channels of keys, and its values
     * @param compressed behind the compressed channels those of keys that all heads share
     */
    private record Attended(float[] asked, float[] decompressed, float[] compressed) {
        TokenChannels queries(LatentShape shape, int start, int head) {
            int stride = shape.heads() * shape.query();
            return new TokenChannels(asked, start * stride + head * shape.query(), stride, shape.query());
        }

        List<TokenChannels> keys(LatentShape shape, int start, int head) {
            int stride = shape.heads() * shape.decompressed();
            int ofShared = shape.rank() + shape.rotated();
            return List.of(
                    new TokenChannels(
                            decompressed, start * stride + head * shape.decompressed(), stride, shape.unrotated()),
                    new TokenChannels(compressed, start * ofShared + shape.rank(), ofShared, shape.rotated()));
        }

        TokenChannels values(LatentShape shape, int start, int head) {
            int stride = shape.heads() * shape.decompressed();
            return new TokenChannels(decompressed, start * stride + head * shape.decompressed() + shape.unrotated(), stride,
                    shape.value());
        }
    }

    private float[] attend(Attended states, int[] starts, int[] lengths, Workers workers) {
        int stride = shape.heads() * shape.value();
        float[] mixed = new float[Math.multiplyExact(starts[lengths.length], stride)];
        workers.run(Math.multiplyExact(lengths.length, shape.heads()), piece -> {
            int head = piece % shape.heads();
            int start = starts[piece / shape.heads()];
            attention.attend(states.queries(shape, start, head), states.keys(shape, start, head),
                    states.values(shape, start, head), lengths[piece / shape.heads()], mixed,
                    start * stride + head * shape.value(), stride, HeadAttention.NO_SINK);
        });
        return mixed;
    }

    /** What the part of the keys reads in the other form: queries without what positions turn. */
    private void showQueries(float[] asked, int tokens, ActivationObserver observer) {
        int size = shape.unrotated();
        float[] ofHead = new float[Math.multiplyExact(tokens, size)];
        for (int head = 0; head < shape.heads(); head++) {
            for (int token = 0; token < tokens; token++) {
                System.arraycopy(asked, (token * shape.heads() + head) * shape.query(), ofHead, token * size, size);
            }
            observer.headInputs(layer, SplitDecompression.KEYS, new ActivationObserver.Head(head, shape.heads()), ofHead,
                    tokens, size);
        }
    }

    /** What the part of the values reads there: compressed states, mixed as the head mixes its values. */
    private void showMixedStates(Attended states, float[] latent, int[] starts, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int rank = shape.rank();
        int tokens = starts[lengths.length];
        float[] mixed = new float[Math.multiplyExact(tokens, rank)];
        for (int i = 0; i < shape.heads(); i++) {
            int head = i;
            workers.run(lengths.length, sequence -> {
                int start = starts[sequence];
                attention.attend(states.queries(shape, start, head), states.keys(shape, start, head),
                        new TokenChannels(latent, start * rank, rank, rank), lengths[sequence], mixed, start * rank, rank,
                        HeadAttention.NO_SINK);
            });
            observer.headInputs(layer, SplitDecompression.VALUES, new ActivationObserver.Head(head, shape.heads()), mixed,
                    tokens, rank);
        }
    }
}
