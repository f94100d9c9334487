package io.nightshift.jobs.calibration;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.ChatTemplate;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.output.FileCommit;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.tasks.WorkFolder;
import io.nightshift.jobs.text.ChatRecords;
import io.nightshift.jobs.text.Documents;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.RecordedTokens;
import io.nightshift.jobs.text.TextDigest;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Runs a checkpoint once over texts and leaves statistics of what its linear layers read. The manifest is written last:
 * a folder without it is incomplete.
 */
public final class CalibrateJob {
    private final CalibrateRequest request;
    private final HadoopSettings settings;
    private final CalibrateProgress progress;
    private final SourceModel source;
    private final Optional<RecordedTokens> recorded;
    private final Optional<ChatTemplate> chatTemplate;

    private CalibrateJob(
            CalibrateRequest request,
            HadoopSettings settings,
            CalibrateProgress progress,
            SourceModel source,
            Optional<RecordedTokens> recorded,
            Optional<ChatTemplate> chatTemplate) {
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.source = source;
        this.recorded = recorded;
        this.chatTemplate = chatTemplate;
    }

    /**
     * Reads the headers of the checkpoint, and the token ids where these are given, and checks the request. Needs no
     * Spark.
     *
     * @throws InvalidModelException if the request or the checkpoint cannot be used
     * @throws IOException if the checkpoint cannot be read
     */
    public static CalibrateJob plan(CalibrateRequest request, HadoopSettings settings, CalibrateProgress progress)
            throws IOException {
        SourceModel source =
                SourceModel.open(request.model(), request.preTokenizer(), settings, progress::warning);
        Optional<RecordedTokens> recorded = Optional.empty();
        Optional<ChatTemplate> chatTemplate = Optional.empty();
        if (request.options().input() instanceof CalibrationInput.Tokens tokens) {
            RecordedTokens read = RecordedTokens.read(tokens.file(), settings);
            source.requireLength("--tokens " + tokens.file() + ": sequences of", read.sequences().length());
            read.requireVocabulary(tokens.file(), source.decoder().vocabulary());
            recorded = Optional.of(read);
        } else if (request.options().input() instanceof CalibrationInput.Texts texts) {
            source.requireLength("--sequence-length", texts.sequenceLength());
            if (texts.data().chat()) {
                requireOwnPacking(texts);
                chatTemplate = Optional.of(source.chatTemplate(progress::warning));
            }
        }
        if (request.options().routeAllExperts() && source.decoder().experts() == 0) {
            throw new InvalidModelException("--route-all-experts has no effect: " + request.model()
                    + " has no experts");
        }
        return new CalibrateJob(request, settings, progress, source, recorded, chatTemplate);
    }

    private static void requireOwnPacking(CalibrationInput.Texts texts) {
        if (texts.packing() != Packing.DOCUMENTS) {
            throw new InvalidModelException("--chat and --packing " + texts.packing().optionName() + " exclude each other:"
                    + " llama-imatrix takes one text, in which special tokens are text like any other");
        }
    }

    /** The tokens that the model is run over, or the most that are taken of the texts; empty where all of them are. */
    public OptionalLong mostTokens() {
        if (recorded.isPresent()) {
            return OptionalLong.of(recorded.get().sequences().tokens());
        }
        CalibrationInput.Texts texts = (CalibrationInput.Texts) request.options().input();
        return texts.sampleLimit() == Integer.MAX_VALUE
                ? OptionalLong.empty()
                : OptionalLong.of((long) texts.sampleLimit() * texts.sequenceLength());
    }

    /**
     * Runs the pass, unless the same statistics are there already.
     *
     * @throws InvalidModelException if there is no usable text, or the tokenizer does not match the model
     * @throws IOException if reading, writing or a task failed
     */
    public CalibrateResult run(JavaSparkContext spark) throws IOException {
        long start = System.nanoTime();
        CalibrationOptions options = request.options();
        OutputFolder output = OutputFolder.open(request.output(), settings);
        RecordedTokens tokens = recorded.isPresent()
                ? recorded.get()
                : tokenize((CalibrationInput.Texts) options.input(), spark);
        TokenSequences sequences = tokens.sequences();
        CalibrationManifest planned = manifest(tokens, source.digest(spark));
        Optional<CalibrationManifest> complete =
                request.overwrite() ? Optional.empty() : existing().filter(found -> isSame(found, planned));
        if (complete.isPresent()) {
            tidy(output, complete.get());
            progress.skipped(request.output());
            return new CalibrateResult(request.output(), true, sequences.tokens(), planned.sequences(),
                    planned.groups(), 0, 0, 0, 0, List.of(), List.of(), 0);
        }
        if (!request.overwrite()) {
            for (String name : List.of(
                    CalibrationManifest.FILE, CalibrationManifest.IMATRIX, CalibrationManifest.TOKENS, StatisticsTables.EXPERTS,
                    StatisticsTables.OUTLIERS)) {
                output.requireReplaceable(name);
            }
        }
        requireShared(output, spark);
        progress.committing(request.output());
        output.delete(CalibrationManifest.FILE);
        RunId run = RunId.create();
        ModelReference model = ModelReference.of(run, source.decoder(), source.folder());
        try (WorkFolder folder = WorkFolder.create(request.work(), request.output(), settings, spark)) {
            CalibrationPass pass = new CalibrationPass(
                    spark, model, options, output, folder, planDigest(planned), progress);
            pass.run(sequences.sequences());
            return finish(spark, output, planned, tokens, pass, start);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        } finally {
            RunCache.end(run, spark);
        }
    }

    /** Ends what a run was at that was killed when all but its last record was written. */
    private void tidy(OutputFolder output, CalibrationManifest complete) {
        WorkFolder.sweep(request.work(), request.output(), Optional.empty(), settings);
        try {
            if (output.isLeftOpen(CalibrationManifest.FILE)) {
                output.write(CalibrationManifest.FILE, planDigest(complete), complete.toJson());
            }
        } catch (IOException e) {
            // The statistics are of use all the same, to one who may only read them too.
        }
    }

    private CalibrateResult finish(
            JavaSparkContext spark,
            OutputFolder output,
            CalibrationManifest planned,
            RecordedTokens recordedTokens,
            CalibrationPass pass,
            long start)
            throws IOException {
        String plan = planDigest(planned);
        byte[] imatrix = pass.imatrix().toBytes(planned.data(), planned.sequences(), planned.sequenceLength());
        TokenSequences sequences = recordedTokens.sequences();
        byte[] tokens = recordedTokens.toBytes(CalibrationManifest.TOKENS);
        progress.committing(request.output());
        output.write(CalibrationManifest.IMATRIX, plan, imatrix);
        output.write(CalibrationManifest.TOKENS, plan, tokens);
        pass.tables().write(output, plan);
        CalibrationManifest manifest = planned.with(new TextDigest().add(imatrix).hexadecimal(), pass.inputs());
        byte[] json = manifest.toJson();
        output.write(CalibrationManifest.FILE, plan, json);
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new CalibrateResult(
                request.output(),
                false,
                sequences.tokens(),
                planned.sequences(),
                planned.groups(),
                seconds,
                sequences.tokens() / seconds,
                pass.layers().stream().mapToLong(CalibrateResult.Layer::bytesRead).sum(),
                pass.bytesWritten() + imatrix.length + tokens.length + json.length,
                pass.layers(),
                pass.executors(),
                pass.expertsWithFewTokens());
    }

    private RecordedTokens tokenize(CalibrationInput.Texts texts, JavaSparkContext spark) throws IOException {
        List<String> paths;
        TokenSequences sequences;
        if (chatTemplate.isPresent()) {
            ChatRecords records = ChatRecords.open(texts.data(), settings, spark);
            paths = records.paths();
            sequences = source.joinedChats(records, chatTemplate.get(), texts.sequenceLength(), texts.sampleLimit());
        } else {
            Documents documents = Documents.open(texts.data(), settings, spark);
            paths = documents.paths();
            sequences = source.sequences(documents, texts.packing(), texts.sequenceLength(), texts.sampleLimit());
        }
        int count = sequences.sequences().size();
        if (texts.samples().orElse(count) > count) {
            progress.warning("the data gives " + count + " sequences, where " + texts.samples().getAsInt()
                    + " were asked for");
        }
        List<String> names = paths.stream()
                .map(path -> path.substring(path.lastIndexOf('/') + 1))
                .toList();
        return new RecordedTokens(sequences, names, texts.packingName());
    }

    private CalibrationManifest manifest(RecordedTokens tokens, String modelDigest) throws IOException {
        CalibrationOptions options = request.options();
        TokenSequences sequences = tokens.sequences();
        int count = sequences.sequences().size();
        return new CalibrationManifest(
                CalibrationManifest.FORMAT,
                CalibrationManifest.VERSION,
                source.name(),
                modelDigest,
                tokens.data(),
                sequences.dataDigest(),
                sequences.digest(),
                tokens.packing(),
                count,
                sequences.length(),
                options.groupsOf(count, sequences.length()),
                options.statistics(),
                StatisticsCollector.BLOCK,
                options.routeAllExperts(),
                options.minExpertTokens(),
                "",
                List.of());
    }

    private Optional<CalibrationManifest> existing() throws IOException {
        try {
            ModelFolder folder = FolderReference.find(request.output(), settings).open();
            return Optional.of(CalibrationManifest.read(folder));
        } catch (StorageException | InvalidModelException e) {
            // Not there, incomplete or of another version: it is made anew.
            return Optional.empty();
        }
    }

    /** Whether two manifests say that the same is summed up in the same order. */
    private static boolean isSame(CalibrationManifest found, CalibrationManifest planned) {
        return planDigest(found).equals(planDigest(planned));
    }

    private static String planDigest(CalibrationManifest manifest) {
        return new TextDigest()
                .add(manifest.modelDigest())
                .add(manifest.tokensDigest())
                .add(manifest.statistics().text())
                .add(manifest.groups() + " " + manifest.gramBlock() + " " + manifest.routeAllExperts() + " "
                        + manifest.minExpertTokens() + " " + manifest.version())
                .hexadecimal();
    }

    private void requireShared(OutputFolder output, JavaSparkContext spark) throws IOException {
        FileCommit.requireNoSpeculation(spark, output);
        if (output.localPath().isPresent()) {
            SharedFolderCheck.requireShared(output.localPath().get(), spark);
        }
    }
}
