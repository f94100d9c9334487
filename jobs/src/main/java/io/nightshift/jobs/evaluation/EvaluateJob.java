package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.ChatTemplate;
import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.text.ChatRecords;
import io.nightshift.jobs.text.Documents;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.ScoredChats;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Compares quantized models with their original over held-out text, distributed over groups of chunks. */
public final class EvaluateJob {
    private static final int LEAST_GROUPS = 16;
    private static final long TOKENS_A_GROUP = 16_384;

    private final RunId run;
    private final EvaluateRequest request;
    private final HadoopSettings settings;
    private final EvaluateProgress progress;
    private final SourceModel source;
    private final Compared compared;
    private final TextShape shape;
    private final Optional<LogitsOutput> saved;
    private final Optional<ChatTemplate> chatTemplate;

    private EvaluateJob(
            RunId run,
            EvaluateRequest request,
            HadoopSettings settings,
            EvaluateProgress progress,
            SourceModel source,
            Compared compared,
            TextShape shape,
            Optional<LogitsOutput> saved,
            Optional<ChatTemplate> chatTemplate) {
        this.run = run;
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.source = source;
        this.compared = compared;
        this.shape = shape;
        this.saved = saved;
        this.chatTemplate = chatTemplate;
    }

    /**
     * Reads the headers of all models and checks the request. Needs no Spark.
     *
     * @throws InvalidModelException if the request or a model cannot be used
     * @throws IOException if a model cannot be read
     */
    public static EvaluateJob plan(EvaluateRequest request, HadoopSettings settings, EvaluateProgress progress)
            throws IOException {
        if (request.baseLogits().isPresent() && request.savedLogits().isPresent()) {
            throw new InvalidModelException("--save-base-logits beside --base-logits would make a copy of the file; leave out"
                    + " one of them");
        }
        SourceModel source = SourceModel.open(request.model(), request.preTokenizer(), settings, progress::warning);
        RunId run = RunId.create();
        Predictor original = request.baseLogits().isPresent()
                ? logits(request.baseLogits().get(), source, settings)
                : new ModelPredictor(ModelReference.of(run, source.decoder(), source.folder()));
        List<Predictor> quantized = new ArrayList<>();
        for (String location : request.quantized()) {
            quantized.add(QuantizedFormats.ofFile(location).isEmpty() && FileReference.isFile(location, settings)
                    ? logits(location, source, settings)
                    : new ModelPredictor(ModelReference.find(run, location, source, settings)));
        }
        Optional<Predictor> base = request.base().isEmpty() ? Optional.empty() : Optional.of(BaseModel.find(
                run, request.base().get(), source, request.preTokenizer(), settings, progress::warning));
        Compared compared = new Compared(original, quantized, base);
        boolean chat = request.data().chat();
        TextShape shape = chat
                ? TextShape.ofChats(request, compared.files(), source.decoder().longestSequence())
                : TextShape.of(request, compared.files());
        source.requireLength("--context", shape.context());
        if (!chat && BaseLogits.scored(shape.context()) < 1) {
            throw new InvalidModelException("--context " + shape.context() + ": a chunk needs 4 tokens at least");
        }
        base.ifPresent(model -> BaseModel.requireLength(model, shape.context()));
        Optional<LogitsOutput> saved = Optional.empty();
        if (request.savedLogits().isPresent()) {
            saved = Optional.of(LogitsOutput.open(request.savedLogits().get(), settings));
            requireNotRead(request);
        }
        Optional<ChatTemplate> chatTemplate =
                chat ? Optional.of(source.chatTemplate(progress::warning)) : Optional.empty();
        return new EvaluateJob(run, request, settings, progress, source, compared, shape, saved, chatTemplate);
    }

    private static LogitsFile logits(String location, SourceModel source, HadoopSettings settings) throws IOException {
        LogitsFile file = LogitsFile.find(location, settings);
        file.requireVocabulary(source.decoder().vocabulary());
        return file;
    }

    /** It would be compared with what has just taken its place. */
    private static void requireNotRead(EvaluateRequest request) throws IOException {
        String target = request.savedLogits().orElseThrow().location();
        List<String> read = new ArrayList<>(request.quantized());
        request.base().ifPresent(read::add);
        for (String location : read) {
            if (StorageLocation.parse(location).hadoopPath().equals(StorageLocation.parse(target).hadoopPath())) {
                throw new InvalidModelException("--save-base-logits " + target + ": this file is read in the same run");
            }
        }
    }

    /**
     * Runs the original and the others over the text.
     *
     * @throws InvalidModelException if there is too little text, the tokenizer does not match the model, or a base-logits
     *     file is of another text
     * @throws IOException if reading, writing or a task failed
     */
    public EvaluateResult run(JavaSparkContext spark) throws IOException {
        long start = System.nanoTime();
        Optional<ScoredChats> chats = Optional.empty();
        TokenSequences text;
        List<int[]> scored;
        if (chatTemplate.isPresent()) {
            ChatRecords records = ChatRecords.open(request.data(), settings, spark);
            chats = Optional.of(source.scoredChats(records, chatTemplate.get(), shape.context(), shape.mostChunks()));
            chats.get().warnings().forEach(progress::warning);
            text = chats.get().sequences();
            scored = chats.get().scored();
        } else {
            Documents documents = Documents.open(request.data(), settings, spark);
            text = source.sequences(documents, Packing.LLAMA_IMATRIX, shape.context(), shape.mostChunks());
            scored = ScoredGroup.secondHalves(shape.context(), text.sequences().size());
        }
        for (LogitsFile file : compared.files()) {
            shape.requireText(file, text);
        }
        for (Predictor predictor : compared.all()) {
            predictor.requireSeen(spark);
        }
        int chunks = text.sequences().size();
        BaseLogits layout = new BaseLogits(shape.context(), source.decoder().vocabulary(), chunks);
        int groups = (int) Math.max(LEAST_GROUPS, text.tokens() / TOKENS_A_GROUP);
        String digest = "";
        if (saved.isPresent()) {
            saved.get().requireShared(spark);
            groups = LogitsParts.groups(layout, groups);
            digest = source.digest(spark);
        }
        SequenceGroup[] cut = SequenceGroup.cut(text.sequences(), groups).toArray(new SequenceGroup[0]);
        Broadcast<ScoredGroup[]> shared = spark.broadcast(ScoredGroup.of(List.of(cut), scored));
        StageResources resources = EvaluationMemory.of(compared.models(), SequenceGroup.largest(chunks, cut.length),
                text.sequences().get(0).length).resources(spark);
        Scoring scoring = new Scoring(spark, new ScoreTask(shared), resources, progress);
        Predictor original = compared.original();
        try (Predictor.Pass pass = scoring.pass(original)) {
            List<TokenScores> ownScores = saved.isPresent()
                    ? saved.get().write(spark, layout, text.textTokens(), digest, cut, original.location(), pass,
                            scoring.task())
                    : scoring.score(original, pass);
            EvaluateResult.Score originalScore = finite(ScoreSummary.of(original.location(), ownScores));
            scoring.done(original, pass, ownScores);
            List<TokenScores> baseScores = List.of();
            List<TokenScores> change = List.of();
            if (compared.base().isPresent()) {
                Predictor base = compared.base().get();
                try (Predictor.Pass basePass = scoring.pass(base)) {
                    baseScores = scoring.score(base, basePass);
                    change = scoring.compare(original, basePass, pass);
                    scoring.done(base, basePass, baseScores, change);
                }
            }
            List<EvaluateResult.Score> scores = new ArrayList<>();
            List<int[]> tops = new ArrayList<>();
            for (Predictor predictor : compared.quantized()) {
                try (Predictor.Pass other = scoring.pass(predictor)) {
                    List<TokenScores> found = scoring.compare(predictor, pass, other);
                    scores.add(finite(ScoreSummary.of(predictor.location(), found, ownScores)));
                    tops.add(ScoreSummary.tops(found));
                    scoring.done(predictor, other, found);
                }
            }
            FineTune fineTune = compared.base().isEmpty() ? null : FineTune.of(
                    finite(ScoreSummary.of(compared.base().get().location(), baseScores)),
                    finite(ScoreSummary.of(original.location(), change, baseScores)),
                    ScoreSummary.tops(baseScores), ScoreSummary.tops(ownScores), scores, tops);
            double seconds = (System.nanoTime() - start) * 1e-9;
            int models = compared.all().size() - compared.files().size();
            return new EvaluateResult(
                    text.length(),
                    chunks,
                    scored.stream().mapToLong(each -> each.length).sum(),
                    seconds,
                    text.tokens() * models / seconds,
                    scoring.bytesRead(),
                    originalScore,
                    scores,
                    fineTune,
                    chats.map(EvaluateResult.Chats::of).orElse(null));
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
    static EvaluateResult.Score finite(EvaluateResult.Score score) throws IOException {
        if (!Double.isFinite(score.perplexity()) || !Double.isFinite(score.meanDivergence())) {
            throw new IOException(score.location() + ": its perplexity is " + score.perplexity()
                    + " and its mean divergence " + score.meanDivergence()
                    + ", which are no figures: its weights are damaged, or too large for 32-bit floats. Make it again");
        }
        return score;
    }
}
