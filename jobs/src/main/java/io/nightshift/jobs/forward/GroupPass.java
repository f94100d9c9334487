package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.forward.PerLayerEmbedding;
import io.nightshift.formats.forward.TokenEmbedding;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.ReplacedWeights;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;

/**
 * The forward pass of one group, within a task that uses the cores that Spark gives it.
 *
 * <p>Memory: the group's hidden states twice, with what its tokens carry besides, and the forward pass of
 * {@value #TOKENS_AT_ONCE} tokens (or of one sequence, where that is longer); the weights are shared by the tasks that a run
 * has in an executor.
 */
public final class GroupPass {
    /** Tokens that go through a layer at once, about: enough for matrix products at full speed. */
    private static final int TOKENS_AT_ONCE = 4096;

    private GroupPass() {}

    /** Tokens of a group that go through a layer at once, if it has so many: whole sequences. */
    public static int tokensAtOnce(int sequenceLength) {
        return Math.max(1, TOKENS_AT_ONCE / sequenceLength) * sequenceLength;
    }

    /**
     * What came out.
     *
     * @param states the new hidden states
     * @param work what it took
     */
    public record Result(HiddenStates states, LayerWork work) implements Serializable {}

    /**
     * An output matrix.
     *
     * @param weights shared by the tasks of an executor
     * @param bytesRead bytes that were read for it, told to one of them
     */
    public record Head(OutputHead weights, long bytesRead) {}

    /** The embedded tokens of a group. */
    public static HiddenStates embed(ModelReference model, SequenceGroup group) throws IOException {
        return embed(model, WeightsCache.of(model).model(model), group);
    }

    /** The embedded tokens of a group where the embedding is rounded. */
    public static HiddenStates embed(ModelReference model, RoundedMatrix embedding, SequenceGroup group)
            throws IOException {
        return embed(model, embedding.in(WeightsCache.of(model).model(model)), group);
    }

    private static HiddenStates embed(ModelReference model, ModelWeights weights, SequenceGroup group) throws IOException {
        int length = group.sequences().get(0).length;
        int[] tokens = new int[Math.multiplyExact(length, group.sequences().size())];
        for (int i = 0; i < group.sequences().size(); i++) {
            System.arraycopy(group.sequences().get(i), 0, tokens, i * length, length);
        }
        float[] values = TokenEmbedding.embed(model.model(), weights, tokens);
        PerLayerEmbedding perLayer = WeightsCache.of(model).perLayerEmbedding(model);
        try (Workers workers = TaskWorkers.open()) {
            return new HiddenStates(group.index(), length, values, perLayer.embed(weights, tokens, values, workers));
        }
    }

    /**
     * Runs a group through a layer, a few sequences at a time (as many as the plan says, whatever the cluster).
     *
     * @param observer sees the inputs of the linear layers
     */
    public static Result layer(ModelReference model, int layer, HiddenStates states, ActivationObserver observer)
            throws IOException {
        WeightsCache.Loaded<DecoderLayer> loaded = WeightsCache.of(model).layer(model, layer);
        Result result = through(model, states, loaded.bytesRead(), (batch, carried, lengths, workers) ->
                loaded.weights().forward(batch, carried, lengths, observer, workers));
        RunCounter.LAYER_TOKENS.add(result.work().tokens());
        return result;
    }

    /**
     * Runs a group through a step.
     *
     * @param observer sees the inputs of the linear layers
     */
    public static Result step(ModelReference model, ModelStep step, HiddenStates states, ActivationObserver observer)
            throws IOException {
        if (step instanceof ModelStep.Half half) {
            WeightsCache.Loaded<DecoderLayer> loaded = WeightsCache.of(model).layer(model, half.layer());
            return through(model, states, loaded.bytesRead(), (batch, carried, lengths, workers) ->
                    loaded.weights().forward(half.half(), batch, carried, lengths, observer, workers));
        }
        return step instanceof ModelStep.Layer whole
                ? layer(model, whole.layer(), states, observer)
                : normalize(model, states, observer);
    }

    /** Runs a group through half a layer that has other weights than the model's. */
    public static HiddenStates half(ModelReference model, DecoderLayer layer, LayerHalf half, HiddenStates states)
            throws IOException {
        try (Workers workers = TaskWorkers.open()) {
            return half(model, layer, half, states, workers);
        }
    }

    /** The same with the workers of a task that has some. */
    static HiddenStates half(ModelReference model, DecoderLayer layer, LayerHalf half, HiddenStates states, Workers workers) {
        return through(model, states, 0, workers, (batch, carried, lengths, all) ->
                layer.forward(half, batch, carried, lengths, ActivationObserver.NONE, all)).states();
    }

    /**
     * A layer of a model with other weights in one half.
     *
     * @param replaced tensors by their names in GGUF, as {@link ReplacedWeights} has them
     */
    public static DecoderLayer replaced(ModelReference model, int layer, LayerHalf half,
            Map<String, List<float[]>> replaced) throws IOException {
        return replaced(model, layer, WeightsCache.of(model).layer(model, layer).weights(), half, replaced);
    }

    /** The same of a layer that is held: an executor whose tasks are at many layers reads none of them again. */
    static DecoderLayer replaced(ModelReference model, int layer, DecoderLayer original, LayerHalf half,
            Map<String, List<float[]>> replaced) throws IOException {
        return original.with(half, model.model(),
                new ReplacedWeights(WeightsCache.of(model).model(model), replaced), layer);
    }

    /** What is done to a few sequences at once. */
    private interface Pass {
        void run(float[] batch, CarriedStates carried, int[] lengths, Workers workers);
    }

    private static Result through(ModelReference model, HiddenStates states, long bytesRead, Pass pass)
            throws IOException {
        try (Workers workers = TaskWorkers.open()) {
            return through(model, states, bytesRead, workers, pass);
        }
    }

    private static Result through(ModelReference model, HiddenStates states, long bytesRead, Workers workers, Pass pass) {
        long start = System.nanoTime();
        int width = states.sequenceLength() * model.model().hiddenSize();
        int sequences = states.values().length / width;
        int atOnce = tokensAtOnce(states.sequenceLength()) / states.sequenceLength();
        float[] output = new float[states.values().length];
        List<CarriedStates> behind = new ArrayList<>();
        for (int from = 0; from < sequences; from += atOnce) {
            int count = Math.min(atOnce, sequences - from);
            float[] batch = Arrays.copyOfRange(states.values(), from * width, (from + count) * width);
            int[] lengths = new int[count];
            Arrays.fill(lengths, states.sequenceLength());
            CarriedStates carried = states.carried().ofTokens(from * states.sequenceLength(),
                    (from + count) * states.sequenceLength(), sequences * states.sequenceLength());
            pass.run(batch, carried, lengths, workers);
            behind.add(carried);
            System.arraycopy(batch, 0, output, from * width, batch.length);
        }
        HiddenStates next =
                new HiddenStates(states.group(), states.sequenceLength(), output, CarriedStates.joined(behind));
        return new Result(next, work(states, sequences, bytesRead, start));
    }

    /** The final norm of a group. */
    public static Result normalize(ModelReference model, HiddenStates states, ActivationObserver observer)
            throws IOException {
        long start = System.nanoTime();
        WeightsCache.Loaded<FinalNorm> norm = WeightsCache.of(model).norm(model);
        float[] output = states.values().clone();
        int tokens = output.length / model.model().hiddenSize();
        try (Workers workers = TaskWorkers.open()) {
            norm.weights().apply(output, tokens, observer, workers);
        }
        HiddenStates next = HiddenStates.last(states.group(), states.sequenceLength(), output);
        return new Result(next, work(states, tokens / states.sequenceLength(), norm.bytesRead(), start));
    }

    /** The output matrix of a model, shared by the tasks of an executor. */
    public static Head head(ModelReference model) throws IOException {
        WeightsCache.Loaded<OutputHead> head = WeightsCache.of(model).head(model);
        RunCounter.BYTES_READ.add(head.bytesRead());
        return new Head(head.weights(), head.bytesRead());
    }

    private static LayerWork work(HiddenStates states, int sequences, long bytesRead, long start) {
        long tokens = (long) sequences * states.sequenceLength();
        String executor = SparkEnv.get() == null ? "driver" : SparkEnv.get().executorId();
        RunCounter.BYTES_READ.add(bytesRead);
        return new LayerWork(states.group(), executor, tokens, bytesRead, start, System.nanoTime() - start);
    }
}
