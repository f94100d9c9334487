package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** The jobs of an evaluation, and what they took. */
final class Scoring {
    private final JavaSparkContext spark;
    private final ScoreTask task;
    private final StageResources resources;
    private final EvaluateProgress progress;
    private long begin = System.nanoTime();
    private long bytesRead;

    Scoring(JavaSparkContext spark, ScoreTask task, StageResources resources, EvaluateProgress progress) {
        this.spark = spark;
        this.task = task;
        this.resources = resources;
        this.progress = progress;
    }

    /** What tasks do. */
    ScoreTask task() {
        return task;
    }

    /** Runs a model, as far as its output matrix. */
    Predictor.Pass pass(Predictor predictor) throws IOException {
        return predictor.run(spark, task.groups(), resources, progress);
    }

    /** Scores what a model predicts by itself. */
    List<TokenScores> score(Predictor predictor, Predictor.Pass pass) throws IOException {
        ScoreTask task = this.task;
        return new TaskRun(spark, "scores of " + predictor.location()).run(pass.predictions(),
                (group, given, attempt) -> task.score(given.next(), ScoreTask.RowReceiver.NONE));
    }

    /**
     * Scores what a model predicts, and compares it.
     *
     * @param from what the other's divergences are from
     */
    List<TokenScores> compare(Predictor predictor, Predictor.Pass from, Predictor.Pass other) throws IOException {
        ScoreTask task = this.task;
        return new TaskRun(spark, "scores of " + predictor.location())
                .run(from.predictions().zip(other.predictions()).map(pair -> pair), (group, given, attempt) -> {
                    Tuple2<GroupPredictions, GroupPredictions> pair = given.next();
                    return task.compare(pair._1(), pair._2());
                });
    }

    /** Tells that a model is done, and counts what was read for it. */
    @SafeVarargs
    final void done(Predictor predictor, Predictor.Pass pass, List<TokenScores>... scores) {
        bytesRead += pass.bytesRead();
        for (List<TokenScores> each : scores) {
            bytesRead += each.stream().mapToLong(TokenScores::bytesRead).sum();
        }
        progress.model(predictor.location(), (System.nanoTime() - begin) * 1e-9);
        begin = System.nanoTime();
    }

    /** Bytes that were read for all models that are done. */
    long bytesRead() {
        return bytesRead;
    }
}
