package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One layer with its weights in memory, in the types that they are stored in. Safe for use by several tasks, each with
 * workers and observer of its own.
 */
public final class DecoderLayer {
    private static final String AFTER_ATTENTION = "post_attention_norm";
    private static final String OUTPUT_SCALE = "layer_output_scale.weight";

    private final int channels;
    private final float residualScale;
    private final Optional<Norm> attentionNorm;
    private final Optional<Mixer> attention;
    private final Optional<Norm> afterAttention;
    private final Optional<Norm> feedForwardNorm;
    private final Optional<FeedForward> feedForward;
    private final Optional<Norm> afterFeedForward;
    private final Optional<PerLayerBlock> perLayer;
    private final float outputScale;
    private final DecoderModel model;
    private final int layer;

    private DecoderLayer(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        String block = "blk." + layer + ".";
        this.model = model;
        this.layer = layer;
        channels = model.hiddenSize();
        residualScale = model.residualScale();
        attentionNorm = Norm.find(model, weights, block + "attn_norm");
        attention = attention(model, weights, layer);
        boolean behind = !model.feedForwardNorm().equals(AFTER_ATTENTION);
        afterAttention = behind ? Norm.find(model, weights, block + AFTER_ATTENTION) : Optional.empty();
        feedForward = feedForward(model, weights, layer);
        feedForwardNorm = feedForward.filter(FeedForward::bringsNorms).isPresent() || model.isSideBySide()
                ? Optional.empty()
                : Norm.find(model, weights, block + model.feedForwardNorm());
        afterFeedForward = Norm.find(model, weights, block + "post_ffw_norm");
        perLayer = PerLayerBlock.find(model, weights, layer);
        outputScale = model.has(block + OUTPUT_SCALE) ? StoredMatrix.readVector(weights, block + OUTPUT_SCALE)[0] : 1;
    }

    private static Optional<Mixer> attention(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        return model.has(layer, LayerHalf.ATTENTION) ? Optional.of(Mixer.read(model, weights, layer)) : Optional.empty();
    }

    private static Optional<FeedForward> feedForward(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        return model.has(layer, LayerHalf.FEED_FORWARD)
                ? Optional.of(FeedForward.read(model, weights, layer))
                : Optional.empty();
    }

    private DecoderLayer(DecoderLayer original, Optional<Mixer> attention, Optional<FeedForward> feedForward,
            Optional<PerLayerBlock> perLayer) {
        this.model = original.model;
        this.layer = original.layer;
        this.channels = original.channels;
        this.residualScale = original.residualScale;
        this.attentionNorm = original.attentionNorm;
        this.attention = attention;
        this.afterAttention = original.afterAttention;
        this.feedForwardNorm = original.feedForwardNorm;
        this.feedForward = feedForward;
        this.afterFeedForward = original.afterFeedForward;
        this.perLayer = perLayer;
        this.outputScale = original.outputScale;
    }

    /**
     * Reads a layer's weights, each byte once.
     *
     * @param layer 0 to {@code model.layers() - 1}
     * @throws io.nightshift.formats.InvalidModelException if a tensor is missing or of another shape
     * @throws IOException if they cannot be read
     */
    public static DecoderLayer load(DecoderModel model, ModelWeights weights, int layer) throws IOException {
        Objects.checkIndex(layer, model.layers());
        return new DecoderLayer(model, weights, layer);
    }

    /**
     * The same layer with the linear layers of one half read from elsewhere; norms stay.
     *
     * @throws IOException if they cannot be read
     */
    public DecoderLayer with(LayerHalf half, DecoderModel model, ModelWeights weights, int layer) throws IOException {
        return half == LayerHalf.ATTENTION
                ? new DecoderLayer(this, attention(model, weights, layer), feedForward, perLayer)
                : new DecoderLayer(this, attention, feedForward(model, weights, layer),
                        PerLayerBlock.find(model, weights, layer));
    }

    /** Bytes of weights that it holds. */
    public long bytes() {
        return attention.map(Mixer::bytes).orElse(0L) + feedForward.map(FeedForward::bytes).orElse(0L)
                + perLayer.map(PerLayerBlock::bytes).orElse(0L)
                + Stream.of(attentionNorm, afterAttention, feedForwardNorm, afterFeedForward)
                        .flatMap(Optional::stream)
                        .mapToLong(Norm::bytes)
                        .sum();
    }

    /**
     * Runs sequences through the layer. Results are the same bits whatever the number of workers, the width of vectors
     * and the grouping of sequences.
     *
     * <p>A half that the layer does not have (Nemotron 3) leaves them as they are.
     *
     * <p>For each token it needs, besides its hidden state, three more of that size (six where there are experts, eight
     * where there is a dense block beside them), and the larger of these two: three times the channels of queries with twice
     * those of keys (four times where queries bring gates; with linear attention twice the channels of keys and three times
     * those of values; with a short convolution four times the hidden size; with Mamba 2 four times its channels, twice what
     * all groups write and read by, and three times its heads, besides those of attention where that is beside it; with
     * compressed keys and values the channels of queries, those that keys and values are decompressed to, twice those of
     * values and three times the compressed ones); three times the feed-forward channels (four times where gate and up
     * projection are one matrix). All of them are floats.
     * Each worker needs 1 MiB.
     *
     * <p>A layer whose keys later ones attend to makes an array of its keys and values for them. Where both halves of a layer
     * read the same, the second finds it in what is carried.
     *
     * @param hidden the hidden states of all sequences, one after another, row-major; replaced by the layer's output.
     *     Every sequence starts at position 0 and attends to itself alone
     * @param carried what the tokens carry besides; replaced by what they carry behind the layer
     * @param sequenceLengths tokens of each sequence
     * @throws IllegalArgumentException if the array is too short for the sequences, or they do not carry what the layer needs
     */
    public void forward(float[] hidden, CarriedStates carried, int[] sequenceLengths, ActivationObserver observer,
            Workers workers) {
        forward(LayerHalf.ATTENTION, hidden, carried, sequenceLengths, observer, workers);
        forward(LayerHalf.FEED_FORWARD, hidden, carried, sequenceLengths, observer, workers);
    }

    /**
     * Runs sequences through one half of the layer: the second half reads what the first one gives.
     *
     * @param hidden replaced by the half's output
     * @param carried replaced likewise
     * @throws IllegalArgumentException if the array is too short for the sequences, or they do not carry what the half needs
     */
    public void forward(LayerHalf half, float[] hidden, CarriedStates carried, int[] sequenceLengths,
            ActivationObserver observer, Workers workers) {
        int tokens = Arrays.stream(sequenceLengths).reduce(0, Math::addExact);
        if (Math.multiplyExact(tokens, channels) > hidden.length) {
            throw new IllegalArgumentException(tokens + " tokens of " + channels + " channels: only " + hidden.length
                    + " hidden states are given");
        }
        if (tokens == 0) {
            return;
        }
        if (half == LayerHalf.ATTENTION) {
            if (attention.isEmpty()) {
                return;
            }
            float[] normed = normed(attentionNorm, hidden, tokens, workers);
            float[] mixed = attention.get().forward(normed, carried, sequenceLengths, observer, workers);
            if (model.isSideBySide()) {
                carried.keep(layer, normed);
            }
            add(hidden, mixed, afterAttention, tokens, workers);
        } else {
            if (feedForward.isPresent()) {
                float[] normed = model.isSideBySide()
                        ? carried.keysOf(layer)
                        : normed(feedForwardNorm, hidden, tokens, workers);
                if (normed == null || normed.length < tokens * channels) {
                    throw new IllegalArgumentException("the tokens do not carry what layer " + layer + " reads");
                }
                add(hidden, feedForward.get().forward(normed, tokens, observer, workers), afterFeedForward, tokens, workers);
            }
            if (perLayer.isPresent()) {
                float[] added = perLayer.get().forward(hidden, carried.inputs(), tokens, observer, workers);
                TokenRows.add(hidden, added, tokens, channels, workers);
            }
            TokenRows.each(tokens, workers, token -> TokenRows.scale(hidden, token * channels, channels, outputScale));
            carried.pass(layer, model);
        }
    }

    /** What a block reads: the hidden states as they are where no norm stands before it. */
    private float[] normed(Optional<Norm> norm, float[] hidden, int tokens, Workers workers) {
        if (norm.isEmpty()) {
            return Arrays.copyOf(hidden, tokens * channels);
        }
        float[] normed = new float[tokens * channels];
        norm.get().apply(hidden, tokens, normed, workers);
        return normed;
    }

    private void add(float[] hidden, float[] output, Optional<Norm> norm, int tokens, Workers workers) {
        norm.ifPresent(after -> after.apply(output, tokens, output, workers));
        if (residualScale != 1) {
            TokenRows.each(tokens, workers, token -> TokenRows.scale(output, token * channels, channels, residualScale));
        }
        TokenRows.add(hidden, output, tokens, channels, workers);
    }
}
