package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.Rotation;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.CausalAttention;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.RotaryTable;
import io.nightshift.kernels.transformer.Sigmoid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The attention of a layer, between its norm and the residual sum. In some families each query comes with a gate, by whose
 * sigmoid what the query has found is multiplied: the rows of a head's gate stand behind those of its query. A layer without
 * values takes its keys for values, as they are before their norm and their rotation. A layer may attend to the keys and values
 * of an earlier one; then it makes none. Heads may have sinks: numbers that take a share of each query's weights.
 */
final class AttentionBlock implements Mixer {
    private final int layer;
    private final CausalAttention attention;
    private final Optional<RotaryTables> tables;
    private final Rotation rotation;
    private final QueryGrowth growth;
    private final List<String> names;
    private final List<Projection> inputs;
    private final Optional<Norm> queryNorm;
    private final Optional<Norm> keyNorm;
    private final Optional<Norm> valueNorm;
    private final Projection output;
    private final Optional<float[]> sinks;
    private final boolean gated;
    private final int keysFrom;
    private final boolean keysAreShared;

    private AttentionBlock(DecoderModel model, int layer, List<String> names, List<Projection> inputs,
            Optional<Norm> queryNorm, Optional<Norm> keyNorm, Projection output, Optional<float[]> sinks) {
        this.layer = layer;
        this.attention = model.attention(layer);
        this.tables = model.rotary(layer).map(RotaryTables::new);
        this.rotation = model.rotation();
        this.growth = model.queryGrowth();
        this.names = names;
        this.inputs = inputs;
        this.queryNorm = queryNorm;
        this.keyNorm = keyNorm;
        this.valueNorm = model.valuesNormed()
                ? Optional.of(Norm.plain(attention.headSize(), model.epsilon()))
                : Optional.empty();
        this.output = output;
        this.sinks = sinks;
        this.keysFrom = model.keysFrom(layer);
        this.keysAreShared = keysFrom == layer && model.lastReaderOfKeys(layer) > layer;
        // A matrix of queries, keys and values may be as large.
        this.gated = names.get(0).equals(Role.QUERY.tensor())
                && inputs.get(0).outputs() == 2 * attention.queryHeads() * attention.headSize();
    }

    static AttentionBlock read(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        boolean fused = weights.find(block + "attn_qkv.weight").isPresent();
        List<String> own = model.has(block + "attn_v.weight")
                ? List.of("attn_q", "attn_k", "attn_v")
                : List.of("attn_q", "attn_k");
        List<String> apart = model.keysFrom(layer) == layer ? own : List.of("attn_q");
        List<String> names = fused ? List.of("attn_qkv") : apart;
        List<Projection> inputs = new ArrayList<>();
        for (String name : names) {
            inputs.add(Projection.read(weights, block + name));
        }
        String sinks = block + "attn_sinks.weight";
        return new AttentionBlock(model, layer, names, inputs,
                Norm.find(model, weights, block + "attn_q_norm"), Norm.find(model, weights, block + "attn_k_norm"),
                Projection.read(weights, block + "attn_output"),
                model.has(sinks) ? Optional.of(StoredMatrix.readVector(weights, sinks)) : Optional.empty());
    }

    @Override
    public long bytes() {
        return inputs.stream().mapToLong(Projection::bytes).sum() + output.bytes()
                + queryNorm.map(Norm::bytes).orElse(0L) + keyNorm.map(Norm::bytes).orElse(0L)
                + sinks.map(each -> 4L * each.length).orElse(0L);
    }

    @Override
    public float[] forward(float[] normed, CarriedStates carried, int[] lengths, ActivationObserver observer,
            Workers workers) {
        int channels = inputs.get(0).matrix().columns();
        int[] starts = Mixer.starts(lengths);
        int tokens = starts[lengths.length];
        observer.inputs(new LinearInput(layer, names, LinearInput.NO_EXPERT, channels), normed, tokens);
        int queries = attention.queryHeads() * attention.headSize();
        float[] gates = gated ? new float[Math.multiplyExact(tokens, queries)] : null;
        float[] projected = project(PackedActivations.of(normed, 0, tokens, channels, workers), tokens, gates, workers);
        for (int i = 0; i < lengths.length; i++) {
            rotate(projected, starts[i], lengths[i], workers);
        }
        float[] keys = keys(projected, carried, tokens, workers);
        float[] mixed = attend(projected, keys, starts, lengths, workers);
        if (gated) {
            TokenRows.each(tokens, workers,
                    token -> Sigmoid.gate(mixed, token * queries, gates, token * queries, queries));
        }
        return output.apply(layer, "attn_output", mixed, tokens, observer, workers);
    }

    /** Channels of a token's queries, keys and values, which lie in this order. */
    private int projectedChannels() {
        return attention.queryHeads() * attention.headSize() + (makesKeys() ? 2 * keyChannels() : 0);
    }

    private int keyChannels() {
        return attention.keyHeads() * attention.headSize();
    }

    private boolean makesKeys() {
        return keysFrom == layer;
    }

    /** The keys and values of an earlier layer, if this one attends to them; else null: its own are behind its queries. */
    private float[] keys(float[] projected, CarriedStates carried, int tokens, Workers workers) {
        int channels = 2 * keyChannels();
        if (keysAreShared) {
            float[] kept = new float[Math.multiplyExact(tokens, channels)];
            TokenRows.each(tokens, workers, token -> System.arraycopy(projected, (token + 1) * projectedChannels() - channels,
                    kept, token * channels, channels));
            carried.keep(layer, kept);
        }
        if (makesKeys()) {
            return null;
        }
        float[] keys = carried.keysOf(keysFrom);
        if (keys == null || keys.length != tokens * channels) {
            throw new IllegalArgumentException("the tokens do not carry the keys of layer " + keysFrom);
        }
        return keys;
    }

    private float[] project(PackedActivations packed, int tokens, float[] gates, Workers workers) {
        int stride = projectedChannels();
        float[] projected = new float[Math.multiplyExact(tokens, stride)];
        int at = 0;
        for (Projection input : inputs) {
            if (at == 0 && gated) {
                takeApart(input.apply(packed, workers), tokens, projected, gates, workers);
                at += input.outputs() / 2;
            } else {
                input.apply(packed, projected, at, stride, workers);
                at += input.outputs();
            }
        }
        if (at < stride) {
            takeKeysForValues(projected, tokens, workers);
        }
        return projected;
    }

    private void takeKeysForValues(float[] projected, int tokens, Workers workers) {
        int keys = keyChannels();
        TokenRows.each(tokens, workers, token -> {
            int values = (token + 1) * projectedChannels() - keys;
            System.arraycopy(projected, values - keys, projected, values, keys);
        });
    }

    /** Puts queries where they belong, and gates beside each other. */
    private void takeApart(float[] both, int tokens, float[] projected, float[] gates, Workers workers) {
        int size = attention.headSize();
        int heads = attention.queryHeads();
        TokenRows.each(tokens, workers, token -> {
            for (int head = 0; head < heads; head++) {
                int from = (token * heads + head) * 2 * size;
                System.arraycopy(both, from, projected, token * projectedChannels() + head * size, size);
                System.arraycopy(both, from + size, gates, (token * heads + head) * size, size);
            }
        });
    }

    private void rotate(float[] projected, int start, int length, Workers workers) {
        Optional<RotaryTable> table = tables.map(all -> all.of(length));
        int ofQueries = attention.queryHeads() * attention.headSize();
        TokenRows.each(length, workers, position -> {
            int queries = (start + position) * projectedChannels();
            int keys = queries + ofQueries;
            if (!rotation.beforeNorms()) {
                normalize(projected, queries, keys);
            }
            table.ifPresent(angles -> {
                rotate(angles, projected, queries, attention.queryHeads(), position);
                if (makesKeys()) {
                    rotate(angles, projected, keys, attention.keyHeads(), position);
                }
            });
            if (rotation.beforeNorms()) {
                normalize(projected, queries, keys);
            }
            TokenRows.scale(projected, queries, ofQueries, growth.at(position));
        });
    }

    private void normalize(float[] projected, int queries, int keys) {
        queryNorm.ifPresent(norm -> norm.applyToHeads(projected, queries, keys - queries));
        if (!makesKeys()) {
            return;
        }
        int ofKeys = keyChannels();
        keyNorm.ifPresent(norm -> norm.applyToHeads(projected, keys, ofKeys));
        valueNorm.ifPresent(norm -> norm.applyToHeads(projected, keys + ofKeys, ofKeys));
    }

    private void rotate(RotaryTable table, float[] projected, int at, int heads, int position) {
        if (rotation.neighbours()) {
            table.rotateNeighbours(projected, at, heads, attention.headSize(), position);
        } else {
            table.rotate(projected, at, heads, attention.headSize(), position);
        }
    }

    private float[] attend(float[] projected, float[] shared, int[] starts, int[] lengths, Workers workers) {
        int stride = projectedChannels();
        int queries = attention.queryHeads() * attention.headSize();
        float[] keys = shared == null ? projected : shared;
        int keyStride = shared == null ? stride : 2 * keyChannels();
        int keysFirst = shared == null ? queries : 0;
        float[] mixed = new float[Math.multiplyExact(starts[lengths.length], queries)];
        workers.run(Math.multiplyExact(lengths.length, attention.queryHeads()), piece -> {
            int sequence = piece / attention.queryHeads();
            int head = piece % attention.queryHeads();
            int at = starts[sequence] * keyStride + keysFirst;
            attention.attend(head, projected, starts[sequence] * stride, stride, keys, at, keyStride,
                    keys, at + keyChannels(), keyStride, lengths[sequence], mixed, starts[sequence] * queries, queries,
                    sinks.map(each -> each[head]).orElse(CausalAttention.NO_SINK));
        });
        return mixed;
    }
}
