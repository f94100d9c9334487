package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.formats.weights.ReplacedWeights;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Half a layer of a model, to see what becomes of its output when some of its weights are others. Within a task. Memory: the
 * states before and behind it, the forward pass of one sequence, and the layer's weights.
 */
public final class HalfLayer {
    private final ModelReference model;
    private final int layer;
    private final LayerHalf half;
    private final DecoderLayer original;
    private final List<HiddenStates> before;
    private final float[][] behind;

    private HalfLayer(ModelReference model, int layer, LayerHalf half, DecoderLayer original, List<HiddenStates> before,
            Workers workers) {
        this.model = model;
        this.layer = layer;
        this.half = half;
        this.original = original;
        this.before = before;
        this.behind = new float[before.size()][];
        for (int i = 0; i < behind.length; i++) {
            behind[i] = behind(original, half, before.get(i), workers).values();
        }
    }

    /**
     * Half a layer with its input.
     *
     * @throws IOException if weights or states cannot be read
     */
    public static HalfLayer of(LayerStates states, int layer, LayerHalf half, Workers workers) throws IOException {
        DecoderLayer original = WeightsCache.of(states.model()).layer(states.model(), layer).weights();
        List<HiddenStates> before = states.before().get(layer).load();
        if (half == LayerHalf.FEED_FORWARD) {
            before = before.stream()
                    .map(of -> behind(original, LayerHalf.ATTENTION, of, workers))
                    .toList();
        }
        return new HalfLayer(states.model(), layer, half, original, before, workers);
    }

    private static HiddenStates behind(DecoderLayer layer, LayerHalf half, HiddenStates states, Workers workers) {
        float[] hidden = states.values().clone();
        CarriedStates carried = CarriedStates.joined(List.of(states.carried()));
        layer.forward(half, hidden, carried, new int[] {states.sequenceLength()}, ActivationObserver.NONE, workers);
        return new HiddenStates(states.group(), states.sequenceLength(), hidden, carried);
    }

    /**
     * The relative error of its output with other weights: the norm of the change over the norm of the output, a mean over
     * sequences, as ExLlamaV2 measures it (conversion/measure.py, test_error).
     *
     * @param replaced tensors by their names in GGUF, as {@link ReplacedWeights} has them
     */
    public double error(Map<String, List<float[]>> replaced, Workers workers) throws IOException {
        DecoderLayer other = original.with(half, model.model(),
                new ReplacedWeights(WeightsCache.of(model).model(model), replaced), layer);
        double[] errors = new double[behind.length];
        for (int i = 0; i < errors.length; i++) {
            float[] output = behind(other, half, before.get(i), workers).values();
            double change = 0;
            double norm = 0;
            for (int k = 0; k < output.length; k++) {
                double difference = output[k] - behind[i][k];
                change += difference * difference;
                norm += (double) behind[i][k] * behind[i][k];
            }
            errors[i] = Math.sqrt(change / Math.max(Double.MIN_NORMAL, norm));
        }
        return Arrays.stream(errors).average().orElse(0);
    }
}
