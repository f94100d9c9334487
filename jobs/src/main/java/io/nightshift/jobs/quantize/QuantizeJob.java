package io.nightshift.jobs.quantize;

import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.SharedFolderCheck;
import io.nightshift.jobs.plan.GgufPlanner;
import io.nightshift.jobs.plan.GgufTarget;
import io.nightshift.jobs.plan.ImportanceWarnings;
import io.nightshift.jobs.plan.ModelImportance;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.plan.Piece;
import io.nightshift.jobs.plan.PiecePlanner;
import io.nightshift.jobs.plan.PreparedTarget;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Makes GGUF files of a checkpoint: plans them, runs the pieces on Spark, commits. */
public final class QuantizeJob {
    private final QuantizeRequest request;
    private final HadoopSettings settings;
    private final Progress progress;
    private final FolderReference source;
    private final UnquantizedGguf model;
    private final Optional<ModelImportance> importance;
    private final Optional<ModelRounding> rounding;
    private final List<PreparedTarget> prepared;
    private final List<String> warnings;

    private QuantizeJob(
            QuantizeRequest request,
            HadoopSettings settings,
            Progress progress,
            FolderReference source,
            UnquantizedGguf model,
            Optional<ModelImportance> importance,
            Optional<ModelRounding> rounding,
            List<PreparedTarget> prepared,
            List<String> warnings) {
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.source = source;
        this.model = model;
        this.importance = importance;
        this.rounding = rounding;
        this.prepared = prepared;
        this.warnings = warnings;
    }

    /**
     * Reads the headers of the checkpoint, and the importance matrix, and lays out the outputs. Needs no Spark.
     *
     * @param settings how Hadoop reaches its stores
     * @throws io.nightshift.formats.InvalidModelException if the request, the checkpoint or the importance matrix
     *     cannot be used
     * @throws IOException if one of them cannot be read
     */
    public static QuantizeJob plan(QuantizeRequest request, HadoopSettings settings, Progress progress)
            throws IOException {
        FolderReference source = FolderReference.find(request.model(), settings);
        ModelFolder folder = source.open();
        List<String> warnings = new ArrayList<>();
        Warnings all = warning -> {
            warnings.add(warning);
            progress.warning(warning);
        };
        Warnings warn = request.strict() ? Warnings.refusing(QuantizeRequest.STRICT_OPTION, all) : all;
        Checkpoint checkpoint = Checkpoint.open(folder);
        UnquantizedGguf model = GgufConverter.convert(checkpoint, request.preTokenizer(), warn);
        Optional<ModelImportance> importance = ImportanceLoader.load(request.importance(), settings);
        Optional<ModelRounding> rounding = Optional.empty();
        if (request.rounding().isPresent()) {
            rounding = Optional.of(rounding(request.rounding().get(), checkpoint, settings));
        }
        GgufPlanner planner = new GgufPlanner(folder.name(), model, source.files(), importance, rounding);
        List<PreparedTarget> prepared = new ArrayList<>();
        for (FileType fileType : request.fileTypes()) {
            prepared.add(planner.prepare(fileType, request.types()));
        }
        List<GgufTarget> targets = prepared.stream().map(PreparedTarget::target).toList();
        importance.ifPresent(matrix -> ImportanceWarnings.of(matrix, model.tensors(), targets).forEach(warn));
        return new QuantizeJob(request, settings, progress, source, model, importance, rounding, prepared, warnings);
    }

    private static ModelRounding rounding(RoundingRequest request, Checkpoint checkpoint, HadoopSettings settings)
            throws IOException {
        CalibrationManifest manifest =
                new StatisticsReference(FolderReference.find(request.statistics(), settings)).manifest();
        return new ModelRounding(request.options(), manifest, Architectures.convert(checkpoint));
    }

    /** The files that will be made. */
    public List<GgufTarget> targets() {
        return prepared.stream().map(PreparedTarget::target).toList();
    }

    /** What they are made of. */
    public UnquantizedGguf model() {
        return model;
    }

    /**
     * Makes the files that are not there yet.
     *
     * @throws io.nightshift.formats.InvalidModelException if a weight cannot be used, or the statistics are another
     *     model's; nothing is left behind
     * @throws IOException if reading, writing or a task failed; nothing is left behind
     */
    public QuantizeResult run(JavaSparkContext spark) throws IOException {
        OutputFolder folder = OutputFolder.open(request.output(), settings);
        List<PreparedTarget> missing = new ArrayList<>();
        List<OutputFile> files = new ArrayList<>();
        List<QuantizeResult.Output> outputs = new ArrayList<>();
        for (PreparedTarget target : prepared) {
            OutputFile file = folder.file(new OutputSpec(
                    target.target().fileName(), target.target().layout().length(), target.digest(), target.header()));
            if (!request.overwrite() && file.isComplete()) {
                progress.skipped(file.location());
                outputs.add(output(target.target(), file, true, List.of(), List.of()));
            } else {
                missing.add(target);
                files.add(file);
            }
        }
        if (missing.isEmpty()) {
            return new QuantizeResult(outputs, warnings, 0, 0, 0, 0, WorkTime.ZERO);
        }
        if (folder.localPath().isPresent()) {
            SharedFolderCheck.requireShared(folder.localPath().get(), spark);
        }
        if (source.location().isLocal()) {
            Path path = source.location().localPath();
            SharedFolderCheck.requireSeen(path.resolve("config.json"), path, spark);
        }
        if (request.rounding().isPresent()) {
            FolderReference statistics = FolderReference.find(request.rounding().get().statistics(), settings);
            if (statistics.location().isLocal()) {
                Path path = statistics.location().localPath();
                SharedFolderCheck.requireSeen(path.resolve(CalibrationManifest.FILE), path, spark);
            }
            new StatisticsReference(statistics).requireModel(source, spark);
        }
        return make(spark, missing, files, outputs);
    }

    private QuantizeResult make(
            JavaSparkContext spark,
            List<PreparedTarget> missing,
            List<OutputFile> files,
            List<QuantizeResult.Output> outputs)
            throws IOException {
        List<GgufTarget> targets = missing.stream().map(PreparedTarget::target).toList();
        List<Piece> pieces =
                new PiecePlanner(model.tensors(), targets).plan(request.partSize(), spark.defaultParallelism());
        QuantizationPlan plan = new QuantizationPlan(model.tensors(), targets, pieces);
        long bytes = targets.stream().mapToLong(target -> target.layout().length()).sum();
        long start = System.nanoTime();
        PieceOutcome.Finished[] finished;
        try (RoundingRun run = startRounding(spark, targets)) {
            List<PartSink> sinks = new ArrayList<>();
            for (OutputFile file : files) {
                sinks.add(file.begin(pieces.size()));
            }
            progress.started(pieces.size(), bytes);
            finished = runPieces(spark, plan, sinks, missing, run);
            for (int i = 0; i < files.size(); i++) {
                commit(files.get(i), receipts(finished, i));
                List<LinearReport> linears = run == null
                        ? List.of()
                        : RoundingReports.of(i, model.tensors(), rounding.orElseThrow(), run.scales().get(i), finished);
                outputs.add(output(targets.get(i), files.get(i), false, reports(plan, finished, i), linears));
            }
        } catch (IOException | RuntimeException e) {
            abort(files, e);
            throw e;
        } finally {
            progress.stopped();
        }
        return new QuantizeResult(
                outputs,
                warnings,
                Arrays.stream(finished).mapToLong(PieceOutcome.Finished::bytesRead).sum(),
                bytes,
                pieces.size(),
                (System.nanoTime() - start) * 1e-9,
                Arrays.stream(finished).map(PieceOutcome.Finished::time).reduce(WorkTime.ZERO, WorkTime::plus));
    }

    /** Scales and factors; null where files are made as llama-quantize does. */
    private RoundingRun startRounding(JavaSparkContext spark, List<GgufTarget> targets) throws IOException {
        if (rounding.isEmpty()) {
            return null;
        }
        return RoundingRun.start(spark, request.rounding().orElseThrow(), rounding.get(), model.tensors(), targets, source,
                request.output(), settings, progress);
    }

    private PieceOutcome.Finished[] runPieces(
            JavaSparkContext spark,
            QuantizationPlan plan,
            List<PartSink> sinks,
            List<PreparedTarget> missing,
            RoundingRun run)
            throws IOException {
        Broadcast<QuantizationPlan> sharedPlan = spark.broadcast(plan);
        Broadcast<List<byte[]>> sharedHeaders =
                spark.broadcast(new ArrayList<>(missing.stream().map(PreparedTarget::header).toList()));
        try {
            PieceRunner runner =
                    new PieceRunner(sharedPlan, source, sinks, sharedHeaders, run == null ? null : run.factors());
            List<PieceInput> inputs = plan.pieces().stream()
                    .map(piece -> run == null
                            ? PieceInput.of(piece, plan, importance)
                            : PieceInput.of(piece, plan, importance, rounding.orElseThrow(), run.scales()))
                    .toList();
            return new PieceJob(spark, inputs, runner, progress).run();
        } finally {
            sharedPlan.unpersist();
            sharedHeaders.unpersist();
        }
    }

    /** By now the store has been reached and written to: what goes wrong is a failure at run time. */
    private static void commit(OutputFile file, List<PartReceipt> receipts) throws IOException {
        try {
            file.commit(receipts);
        } catch (StorageException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static void abort(List<OutputFile> files, Exception failure) {
        for (OutputFile file : files) {
            try {
                file.abort();
            } catch (IOException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private static List<PartReceipt> receipts(PieceOutcome.Finished[] finished, int target) {
        return Arrays.stream(finished).map(piece -> piece.receipts().get(target)).toList();
    }

    /** What each tensor became, and what the rows that were read back lost. */
    private static List<QuantizeResult.TensorReport> reports(
            QuantizationPlan plan, PieceOutcome.Finished[] finished, int target) {
        TensorError[] errors = new TensorError[plan.tensors().size()];
        Arrays.fill(errors, TensorError.NONE);
        for (Piece piece : plan.pieces()) {
            List<TensorError> ofSpans = finished[piece.index()].errors().get(target);
            for (int i = 0; i < ofSpans.size(); i++) {
                int tensor = piece.spans().get(i).tensor();
                errors[tensor] = errors[tensor].plus(ofSpans.get(i));
            }
        }
        List<QuantizeResult.TensorReport> reports = new ArrayList<>();
        for (int i = 0; i < errors.length; i++) {
            TensorRecipe tensor = plan.tensors().get(i);
            String type = plan.targets().get(target).types().get(i).type().name();
            reports.add(new QuantizeResult.TensorReport(tensor.name(), type, errors[i].relative()));
        }
        return reports;
    }

    private static QuantizeResult.Output output(
            GgufTarget target,
            OutputFile file,
            boolean skipped,
            List<QuantizeResult.TensorReport> tensors,
            List<LinearReport> linears) {
        return new QuantizeResult.Output(
                target.fileType(),
                file.location(),
                target.layout().length(),
                target.layout().bitsPerWeight(),
                skipped,
                tensors,
                linears);
    }
}
