package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.transformer.DivergenceSums;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far predictions are from a model's own, a block of the vocabulary at a time. Within a task. Memory: the states twice,
 * {@value #WEIGHTS_AT_ONCE} weights of the output matrix, and the logits of that block twice; the matrix of the model is
 * shared by the tasks of an executor.
 */
public final class HeadDivergence {
    private static final int WEIGHTS_AT_ONCE = 4 << 20;

    private HeadDivergence() {}

    /**
     * The mean divergence over all tokens, in nats.
     *
     * @param original states behind the last layer
     * @param other of the same tokens, where some weights before it are others; may be the same
     * @param rounded what the output matrix becomes, if it is another
     * @throws IOException if weights cannot be read
     */
    public static double mean(ModelReference model, HiddenStates original, HiddenStates other,
            Optional<RoundedMatrix> rounded, Workers workers) throws IOException {
        WeightsCache cache = WeightsCache.of(model);
        OutputHead head = cache.head(model).weights();
        FinalNorm norm = cache.norm(model).weights();
        int channels = model.model().hiddenSize();
        int tokens = original.values().length / channels;
        float[] reads = normalized(norm, original, tokens, workers);
        float[] otherReads = other == original ? reads : normalized(norm, other, tokens, workers);
        int atOnce = Math.max(1, WEIGHTS_AT_ONCE / Math.max(channels, tokens));
        DivergenceSums sums = new DivergenceSums(tokens);
        for (int from = 0; from < head.vocabulary(); from += atOnce) {
            int to = Math.min(head.vocabulary(), from + atOnce);
            float[] logits = new float[tokens * (to - from)];
            float[] otherLogits = new float[logits.length];
            head.logits(reads, 0, tokens, from, to, logits, workers);
            if (rounded.isPresent()) {
                ModelWeights weights = rounded.get().in(cache.model(model));
                OutputHead.load(model.model(), weights, from, to)
                        .logits(otherReads, 0, tokens, 0, to - from, otherLogits, workers);
            } else {
                head.logits(otherReads, 0, tokens, from, to, otherLogits, workers);
            }
            sums.add(logits, otherLogits, to - from);
        }
        return Arrays.stream(sums.divergences()).average().orElse(0);
    }

    private static float[] normalized(FinalNorm norm, HiddenStates states, int tokens, Workers workers) {
        float[] values = states.values().clone();
        norm.apply(values, tokens, ActivationObserver.NONE, workers);
        return values;
    }
}
