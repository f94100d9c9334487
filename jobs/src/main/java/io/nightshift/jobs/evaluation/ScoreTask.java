package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * The body of a task: scores predictions of a group.
 *
 * <p>Memory: two output matrices, shared by the tasks of an executor; the logits of a few tokens, at most
 * {@value #LOGITS_AT_ONCE} (or one row) for each of two models, and half as many bytes where they come from a file.
 *
 * @param groups the tokens, and which of them are scored
 */
record ScoreTask(Broadcast<ScoredGroup[]> groups) implements Serializable {
    private static final int LOGITS_AT_ONCE = 8 << 20;
    private static final int ROWS_AT_ONCE = 64;

    /** Is given rows in order, as they are scored. */
    interface RowReceiver {
        /** Has no use for them. */
        RowReceiver NONE = (rows, at, logSum) -> { };

        /** The row that begins at an index: logits, and the logarithm of the sum of their exponentials. */
        void row(float[] rows, int at, double logSum) throws IOException;
    }

    /** Scores predictions by themselves. */
    TokenScores score(GroupPredictions predictions, RowReceiver receiver) throws IOException {
        int[] next = groups.value()[predictions.group()].next();
        GroupPredictions.Rows rows = predictions.open();
        int vocabulary = rows.vocabulary();
        int atOnce = rowsAtOnce(vocabulary);
        float[] values = new float[atOnce * vocabulary];
        double[] losses = new double[next.length];
        int[] tops = new int[next.length];
        try (Workers workers = TaskWorkers.open()) {
            for (int from = 0; from < next.length; from += atOnce) {
                int count = Math.min(atOnce, next.length - from);
                rows.read(from, count, values, workers);
                for (int i = 0; i < count; i++) {
                    int at = i * vocabulary;
                    int top = Prediction.top(values, at, vocabulary);
                    double logSum = rows.logSum(values, at, top);
                    losses[from + i] = logSum - values[at + next[from + i]];
                    tops[from + i] = top;
                    receiver.row(values, at, logSum);
                }
            }
        }
        return new TokenScores(predictions.group(), losses, new double[0], tops, rows.bytesRead());
    }

    /** Scores predictions, and compares them with the original's. */
    TokenScores compare(GroupPredictions original, GroupPredictions other) throws IOException {
        int[] next = groups.value()[other.group()].next();
        GroupPredictions.Rows rows = original.open();
        GroupPredictions.Rows otherRows = other.open();
        boolean exact = rows.isExact() && otherRows.isExact();
        int vocabulary = rows.vocabulary();
        int atOnce = rowsAtOnce(vocabulary);
        float[] values = new float[atOnce * vocabulary];
        float[] otherValues = new float[atOnce * vocabulary];
        double[] losses = new double[next.length];
        double[] divergences = new double[next.length];
        int[] tops = new int[next.length];
        try (Workers workers = TaskWorkers.open()) {
            for (int from = 0; from < next.length; from += atOnce) {
                int count = Math.min(atOnce, next.length - from);
                rows.read(from, count, values, workers);
                otherRows.read(from, count, otherValues, workers);
                for (int i = 0; i < count; i++) {
                    int at = i * vocabulary;
                    double logSum = rows.logSum(values, at, Prediction.top(values, at, vocabulary));
                    int top = Prediction.top(otherValues, at, vocabulary);
                    double otherLogSum = otherRows.logSum(otherValues, at, top);
                    losses[from + i] = otherLogSum - otherValues[at + next[from + i]];
                    double divergence = rows.isExact()
                            ? Prediction.divergence(values, logSum, otherValues, otherLogSum, at, vocabulary)
                            : Prediction.divergenceOfRounded(values, otherValues, otherLogSum, at, vocabulary);
                    // Roundings of a file go both ways: cut off at 0, they would not cancel out.
                    divergences[from + i] = exact ? Math.max(0, divergence) : divergence;
                    tops[from + i] = top;
                }
            }
        }
        long bytesRead = rows.bytesRead() + otherRows.bytesRead();
        return new TokenScores(other.group(), losses, divergences, tops, bytesRead);
    }

    /** Rows of logits that are in memory at once, of each model. */
    static int rowsAtOnce(int vocabulary) {
        return Math.max(1, Math.min(ROWS_AT_ONCE, LOGITS_AT_ONCE / vocabulary));
    }
}
