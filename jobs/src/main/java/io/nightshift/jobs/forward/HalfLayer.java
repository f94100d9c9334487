package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.formats.weights.ReplacedWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Half a layer of a model, to see what becomes of its output when some of its weights are others. Within a task. All sequences
 * go through it at once, for weights are made ready for the products of matrices as often as it runs. Memory: the states before
 * and behind it, the forward pass of all sequences, and the layer's weights.
 */
public final class HalfLayer {
    private final ModelReference model;
    private final int layer;
    private final LayerHalf half;
    private final DecoderLayer original;
    private final HiddenStates before;
    private final float[] behind;

    private HalfLayer(ModelReference model, int layer, LayerHalf half, DecoderLayer original, HiddenStates before,
            Workers workers) {
        this.model = model;
        this.layer = layer;
        this.half = half;
        this.original = original;
        this.before = before;
        this.behind = GroupPass.half(model, original, half, before, workers).values();
    }

    /**
     * Half a layer with its input.
     *
     * @throws IOException if weights or states cannot be read
     */
    public static HalfLayer of(LayerStates states, int layer, LayerHalf half, Workers workers) throws IOException {
        DecoderLayer original = WeightsCache.of(states.model()).layer(states.model(), layer).weights();
        HiddenStates before = states.all(layer);
        if (half == LayerHalf.FEED_FORWARD) {
            before = GroupPass.half(states.model(), original, LayerHalf.ATTENTION, before, workers);
        }
        return new HalfLayer(states.model(), layer, half, original, before, workers);
    }

    /**
     * The relative error of its output with other weights: the norm of the change over the norm of the output, each token by
     * itself, then the root of the mean square over a sequence, and the mean over sequences. ExLlamaV2 takes the norms of whole
     * sequences (conversion/measure.py, test_error). Where one token has states a thousand times larger than all others, as the
     * first one has in the middle layers of many models, that measures this token alone.
     *
     * @param replaced tensors by their names in GGUF, as {@link ReplacedWeights} has them
     */
    public double error(Map<String, List<float[]>> replaced, Workers workers) throws IOException {
        DecoderLayer other = GroupPass.replaced(model, layer, original, half, replaced);
        float[] output = GroupPass.half(model, other, half, before, workers).values();
        int tokens = before.sequenceLength();
        int size = tokens * model.model().hiddenSize();
        double[] errors = new double[output.length / size];
        workers.run(errors.length, sequence -> errors[sequence] = ofTokens(output, behind, sequence * size, size, tokens));
        return Arrays.stream(errors).average().orElse(0);
    }

    /**
     * The root of the mean square of tokens' relative errors.
     *
     * @param original tokens by channels, as {@code output}
     * @param at where they start in both
     * @param size of all their channels
     */
    static double ofTokens(float[] output, float[] original, int at, int size, int tokens) {
        int channels = size / tokens;
        double sum = 0;
        for (int token = 0; token < tokens; token++) {
            double change = 0;
            double norm = 0;
            for (int k = at + token * channels; k < at + (token + 1) * channels; k++) {
                double difference = output[k] - original[k];
                change += difference * difference;
                norm += (double) original[k] * original[k];
            }
            sum += change / Math.max(Double.MIN_NORMAL, norm);
        }
        return Math.sqrt(sum / tokens);
    }
}
