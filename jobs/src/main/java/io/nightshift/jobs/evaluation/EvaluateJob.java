package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.text.Documents;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/** Compares quantized models with their original over held-out text, distributed over groups of chunks. */
public final class EvaluateJob {
    private static final int LEAST_GROUPS = 16;
    private static final long TOKENS_A_GROUP = 16_384;

    private final RunId run;
    private final EvaluateRequest request;
    private final HadoopSettings settings;
    private final EvaluateProgress progress;
    private final SourceModel source;
    private final ModelReference original;
    private final List<ModelReference> quantized;

    private EvaluateJob(
            RunId run,
            EvaluateRequest request,
            HadoopSettings settings,
            EvaluateProgress progress,
            SourceModel source,
            List<ModelReference> quantized) {
        this.run = run;
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.source = source;
        this.original = ModelReference.of(run, source.decoder(), source.folder());
        this.quantized = quantized;
    }

    /**
     * Reads the headers of all models and checks the request. Needs no Spark.
     *
     * @throws InvalidModelException if the request or a model cannot be used
     * @throws IOException if a model cannot be read
     */
    public static EvaluateJob plan(EvaluateRequest request, HadoopSettings settings, EvaluateProgress progress)
            throws IOException {
        SourceModel source = SourceModel.open(request.model(), request.preTokenizer(), settings, progress::warning);
        source.requireLength("--context", request.context());
        if (ScoreTask.scored(request.context()) < 1) {
            throw new InvalidModelException("--context " + request.context() + ": a chunk needs 4 tokens at least");
        }
        RunId run = RunId.create();
        List<ModelReference> quantized = new ArrayList<>();
        for (String location : request.quantized()) {
            quantized.add(ModelReference.find(run, location, source, settings));
        }
        return new EvaluateJob(run, request, settings, progress, source, quantized);
    }

    /**
     * Runs the original and the others over the text.
     *
     * @throws InvalidModelException if there is too little text, or the tokenizer does not match the model
     * @throws IOException if reading or a task failed
     */
    public EvaluateResult run(JavaSparkContext spark) throws IOException {
        long start = System.nanoTime();
        Documents documents = Documents.open(request.data(), settings, spark);
        TokenSequences sequences = source.sequences(
                documents, Packing.LLAMA_IMATRIX, request.context(), request.chunks().orElse(Integer.MAX_VALUE));
        requireShared(original, spark);
        for (ModelReference model : quantized) {
            requireShared(model, spark);
        }
        int groups = (int) Math.max(LEAST_GROUPS, sequences.tokens() / TOKENS_A_GROUP);
        SequenceGroup[] cut = SequenceGroup.cut(sequences.sequences(), groups).toArray(new SequenceGroup[0]);
        Broadcast<SequenceGroup[]> shared = spark.broadcast(cut);
        List<ModelReference> all = new ArrayList<>(quantized);
        all.add(original);
        long bytesRead = 0;
        long begin = System.nanoTime();
        try (PlainPass pass = PlainPass.run(spark, original, cut, progress)) {
            JavaRDD<HiddenStates> states = pass.states();
            ScoreTask own = new ScoreTask(original, null, shared);
            List<TokenScores> ownScores = new TaskRun(spark, "scores of " + original.location())
                    .run(states, (group, given, attempt) -> own.score(given.next(), null));
            EvaluateResult.Score originalScore = finite(ScoreSummary.of(original.location(), ownScores));
            bytesRead += pass.bytesRead() + bytesRead(ownScores);
            progress.model(original.location(), (System.nanoTime() - begin) * 1e-9);
            List<EvaluateResult.Score> scores = new ArrayList<>();
            for (ModelReference model : quantized) {
                begin = System.nanoTime();
                try (PlainPass other = PlainPass.run(spark, model, cut, progress)) {
                    ScoreTask task = new ScoreTask(original, model, shared);
                    List<TokenScores> found = new TaskRun(spark, "scores of " + model.location())
                            .run(states.zip(other.states()).map(pair -> pair), (group, given, attempt) -> {
                                Tuple2<HiddenStates, HiddenStates> pair = given.next();
                                return task.score(pair._1(), pair._2());
                            });
                    scores.add(finite(ScoreSummary.of(model.location(), found)));
                    bytesRead += other.bytesRead() + bytesRead(found);
                }
                progress.model(model.location(), (System.nanoTime() - begin) * 1e-9);
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            int chunks = sequences.sequences().size();
            return new EvaluateResult(
                    request.context(),
                    chunks,
                    (long) chunks * ScoreTask.scored(request.context()),
                    seconds,
                    sequences.tokens() * all.size() / seconds,
                    bytesRead,
                    originalScore,
                    scores);
        } catch (InvalidModelException e) {
            throw e;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        } finally {
            shared.destroy();
            RunCache.end(run, spark);
        }
    }

    /** Weights that are no numbers, or too large to compute with, are found out by their figures. */
    private static EvaluateResult.Score finite(EvaluateResult.Score score) throws IOException {
        if (!Double.isFinite(score.perplexity()) || !Double.isFinite(score.meanDivergence())) {
            throw new IOException(score.location() + ": its perplexity is " + score.perplexity()
                    + " and its mean divergence " + score.meanDivergence()
                    + ", which are no figures: its weights are damaged, or too large for 32-bit floats. Make it again");
        }
        return score;
    }

    private static long bytesRead(List<TokenScores> scores) {
        return scores.stream().mapToLong(TokenScores::bytesRead).sum();
    }

    private void requireShared(ModelReference model, JavaSparkContext spark) throws IOException {
        String file = model.isFolder() ? "config.json" : model.file();
        SharedFolderCheck.requireSeen(model.folder().location(), file, spark);
    }
}
