package io.nightshift.jobs.evaluation;

import io.nightshift.formats.forward.OutputHead;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * The body of a task: scores the second half of each chunk of a group, as llama-perplexity does (perplexity.cpp): with
 * a context of n the tokens n/2 + 1 to n - 1 are predicted from those before them.
 *
 * <p>Memory: two output matrices, shared by the tasks of an executor; the logits of a few tokens, at most
 * {@value #LOGITS_AT_ONCE} for each of two models.
 *
 * @param original the original
 * @param other what it is compared with; null to score the original itself
 * @param groups the tokens
 */
record ScoreTask(ModelReference original, ModelReference other, Broadcast<SequenceGroup[]> groups)
        implements Serializable {
    private static final int LOGITS_AT_ONCE = 8 << 20;

    /** Tokens of a chunk that are scored. */
    static int scored(int context) {
        return context - 1 - context / 2;
    }

    /**
     * Scores a group.
     *
     * @param states the original's normalized states of the scored tokens
     * @param otherStates those of the other model; null without one
     */
    TokenScores score(HiddenStates states, HiddenStates otherStates) throws IOException {
        SequenceGroup group = groups.value()[states.group()];
        int context = group.sequences().get(0).length;
        int perChunk = scored(context);
        int tokens = perChunk * group.sequences().size();
        int[] next = new int[tokens];
        for (int i = 0; i < tokens; i++) {
            next[i] = group.sequences().get(i / perChunk)[context / 2 + 1 + i % perChunk];
        }
        GroupPass.Head read = GroupPass.head(original);
        GroupPass.Head otherRead = other == null ? null : GroupPass.head(other);
        OutputHead head = read.weights();
        OutputHead otherHead = other == null ? null : otherRead.weights();
        int vocabulary = head.vocabulary();
        int atOnce = Math.max(1, Math.min(64, LOGITS_AT_ONCE / vocabulary));
        float[] logits = new float[atOnce * vocabulary];
        float[] otherLogits = other == null ? null : new float[atOnce * vocabulary];
        double[] losses = new double[tokens];
        double[] divergences = new double[other == null ? 0 : tokens];
        int sameTop = 0;
        try (Workers workers = TaskWorkers.open()) {
            for (int from = 0; from < tokens; from += atOnce) {
                int count = Math.min(atOnce, tokens - from);
                head.logits(states.values(), from, count, 0, vocabulary, logits, workers);
                if (other != null) {
                    otherHead.logits(otherStates.values(), from, count, 0, vocabulary, otherLogits, workers);
                }
                for (int i = 0; i < count; i++) {
                    int row = i * vocabulary;
                    int top = Prediction.top(logits, row, vocabulary);
                    double logSum = Prediction.logSum(logits, row, vocabulary, top);
                    if (other == null) {
                        losses[from + i] = logSum - logits[row + next[from + i]];
                        continue;
                    }
                    int otherTop = Prediction.top(otherLogits, row, vocabulary);
                    double otherLogSum = Prediction.logSum(otherLogits, row, vocabulary, otherTop);
                    losses[from + i] = otherLogSum - otherLogits[row + next[from + i]];
                    divergences[from + i] =
                            Prediction.divergence(logits, logSum, otherLogits, otherLogSum, row, vocabulary);
                    sameTop += top == otherTop ? 1 : 0;
                }
            }
        }
        long bytesRead = read.bytesRead() + (other == null ? 0 : otherRead.bytesRead());
        return new TokenScores(states.group(), losses, divergences, sameTop, bytesRead);
    }
}
