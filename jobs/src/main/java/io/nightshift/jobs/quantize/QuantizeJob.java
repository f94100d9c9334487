package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateResult;
import io.nightshift.jobs.output.FileCommit;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.WorkFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Makes the targets of a request: checks all of them, has the model calibrated, then searches scales, chooses, lays out,
 * factorizes, rounds, writes, commits and verifies. Targets whose files are cut alike are made together; each set is
 * complete before the next begins.
 */
public final class QuantizeJob {
    private final QuantizeRequest request;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final Optional<InputStatistics> statistics;
    private final List<CheckedTarget> targets;
    private final List<String> warnings;
    private final OptionalLong calibrationTokens;

    private QuantizeJob(QuantizeRequest request, HadoopSettings settings, Progress progress, Model model,
            Optional<InputStatistics> statistics, List<CheckedTarget> targets, List<String> warnings,
            OptionalLong calibrationTokens) {
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.model = model;
        this.statistics = statistics;
        this.targets = targets;
        this.warnings = warnings;
        this.calibrationTokens = calibrationTokens;
    }

    /**
     * Reads headers, and the manifest of statistics that are there, and checks every target: whatever can be refused without
     * a weight is refused here. Needs no Spark.
     *
     * @param settings how Hadoop reaches its stores
     * @throws InvalidModelException if the request, the checkpoint, or the statistics cannot be used
     * @throws IOException if one of them cannot be read
     */
    public static QuantizeJob plan(QuantizeRequest request, HadoopSettings settings, Progress progress)
            throws IOException {
        List<String> warnings = new ArrayList<>();
        Model model = Model.open(request.model(), settings, request.preTokenizer(), request.prediction(), warning -> {
            // Two outputs of one model may say the same of it.
            if (!warnings.contains(warning)) {
                warnings.add(warning);
                progress.warning(warning);
            }
        });
        Optional<InputStatistics> statistics = StatisticsOutlook.of(request, model, settings);
        List<CheckedTarget> targets = CheckedTarget.all(request.targets(), model, statistics);
        if (!areStored(statistics)) {
            tell(targets, List.of(), progress);
        }
        StatisticsOutlook.refuseWithoutEffect(targets, statistics);
        OptionalLong calibrationTokens = OptionalLong.of(0);
        if (request.statistics() instanceof StatisticsSource.Calibration calibration) {
            // What is wrong with texts or options is found out before anything is run.
            calibrationTokens = CalibrateJob.plan(StatisticsOutlook.request(request, model, targets, calibration), settings,
                    CalibrateProgress.NONE).mostTokens();
        }
        return new QuantizeJob(request, settings, progress, model, statistics, targets, warnings, calibrationTokens);
    }

    /** The targets, checked, in the order of the request. */
    public List<CheckedTarget> targets() {
        return targets;
    }

    /** What they are made of. */
    public Model model() {
        return model;
    }

    /**
     * Tasks that write and round a target's output on a cluster; 0 where its layout hangs on a measurement.
     *
     * @param cores cores of the cluster
     */
    public int tasks(CheckedTarget target, int cores) {
        return target.laidOut()
                .map(found -> WritePhase.tasks(found.layout(), request.settings().partSize(), cores))
                .orElse(0);
    }

    /**
     * What the job takes, estimated; as if nothing of it were there already but the statistics of {@code --stats}.
     *
     * @throws IOException if something cannot be read
     */
    public EstimatedCost cost() throws IOException {
        CostModel costs = new CostModel(model);
        boolean gram = targets.stream().anyMatch(target -> target.plan().needs() == TargetPlan.Needs.GRAM);
        double tokenCost = costs.calibration(gram ? StatisticsKind.GRAM : StatisticsKind.IMATRIX);
        OptionalDouble calibration = calibrationTokens.isPresent()
                ? OptionalDouble.of(calibrationTokens.getAsLong() * tokenCost)
                : OptionalDouble.empty();
        return new EstimatedCost(calibration, targets.stream().map(costs::target).toList());
    }

    /**
     * Makes sure that statistics which are there already are this model's, and gives the warnings that wait for that. A task
     * looks at the model's weights.
     *
     * @throws InvalidModelException if they are another one's
     * @throws IOException if either cannot be read
     */
    public void requireStatisticsOfModel(JavaSparkContext spark) throws IOException {
        if (areStored(statistics)) {
            statistics.get().reference().get().requireModel(model.source(), spark);
            tell(targets, List.of(), progress);
        }
    }

    /** Whether there are statistics that may turn out to be another model's: what follows from them is not told before. */
    private static boolean areStored(Optional<InputStatistics> statistics) {
        return statistics.flatMap(InputStatistics::reference).isPresent();
    }

    private static void tell(List<CheckedTarget> targets, List<String> told, Progress progress) {
        warnings(targets).filter(warning -> !told.contains(warning)).forEach(progress::warning);
    }

    private static Stream<String> warnings(List<CheckedTarget> targets) {
        return targets.stream().flatMap(target -> target.plan().warnings().stream()).distinct();
    }

    /**
     * The same job without some of its targets, whose options stay unchecked.
     *
     * @param left targets of the request
     */
    public QuantizeJob without(Collection<? extends Target> left) {
        QuantizeRequest fewer =
                request.with(request.targets().stream().filter(target -> !left.contains(target)).toList());
        return new QuantizeJob(fewer, settings, progress, model, statistics,
                targets.stream().filter(target -> !left.contains(target.target())).toList(), warnings, calibrationTokens);
    }

    /**
     * Outputs that are complete already, made for the same plan; in the order of the request, empty where one has to be
     * made or nothing can be said before it is laid out.
     *
     * @throws IOException if the output cannot be read
     */
    public List<Optional<OutputResult>> found() throws IOException {
        OutputFolder folder = OutputFolder.open(request.output(), settings);
        List<Optional<OutputResult>> found = new ArrayList<>();
        for (CheckedTarget target : targets) {
            found.add(complete(folder, target, statistics).map(Found::result));
        }
        return found;
    }

    /** The statistics that targets are made by, or will be. */
    public Optional<InputStatistics> statistics() {
        return statistics;
    }

    /**
     * Makes the outputs that are not there yet.
     *
     * @throws InvalidModelException if a weight cannot be used, or the statistics are another model's; of what was not
     *     complete nothing is left behind
     * @throws IOException if reading, writing or a task failed; likewise, but that the dearest work is kept aside, so that
     *     the next run of the same job goes on with it
     */
    public QuantizeResult run(JavaSparkContext spark) throws IOException {
        return run(spark, CalibrateProgress.NONE);
    }

    /**
     * The same, with an ear for the calibration.
     *
     * @param calibrating hears how it goes on
     */
    public QuantizeResult run(JavaSparkContext spark, CalibrateProgress calibrating) throws IOException {
        return run(spark, calibrating, (target, result) -> {});
    }

    /**
     * The same, with an ear for outputs, too.
     *
     * @param completed hears of each
     */
    public QuantizeResult run(JavaSparkContext spark, CalibrateProgress calibrating, CompletedOutputs completed)
            throws IOException {
        OutputFolder folder = OutputFolder.open(request.output(), settings);
        Optional<CalibrateResult> calibrated = Optional.empty();
        Optional<InputStatistics> known = statistics;
        List<CheckedTarget> checked = targets;
        if (request.statistics() instanceof StatisticsSource.Calibration calibration) {
            calibrated = Optional.of(CalibrateJob.plan(
                            StatisticsOutlook.request(request, model, targets, calibration), settings, calibrating)
                    .run(spark));
            known = Optional.of(StatisticsOutlook.made(calibrated.get().location(), calibration.option(), settings));
            checked = CheckedTarget.all(request.targets(), model, known);
        }
        OutputResult[] results = new OutputResult[checked.size()];
        List<Integer> missing = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            Optional<Found> found =
                    request.settings().overwrite() ? Optional.empty() : complete(folder, checked.get(i), known);
            if (found.isEmpty()) {
                missing.add(i);
            } else {
                results[i] = found.get().result();
                found.get().writer().dropLeft();
                progress.skipped(results[i].location());
                completed.complete(i, results[i]);
            }
        }
        if (!missing.isEmpty()) {
            requireShared(folder, known, spark);
        }
        if (known.isPresent()) {
            tell(checked, areStored(statistics) ? List.of() : warnings(targets).toList(), progress);
        }
        if (!missing.isEmpty()) {
            try (TargetRun run = new TargetRun(spark, request, settings, progress, model, known, folder)) {
                makeAll(run, checked, missing, results, completed);
            }
        }
        // A run that was killed may have made all of it, but not tidied up.
        WorkFolder.sweep(request.settings().work(), request.output(),
                Optional.of(PlanDigest.ofJob(model, request.targets())), settings);
        return new QuantizeResult(Arrays.asList(results), calibrated);
    }

    private record Found(OutputResult result, OutputWriter writer) {}

    /** Made before, for the same plan; empty if it has to be made. */
    private Optional<Found> complete(OutputFolder folder, CheckedTarget target, Optional<InputStatistics> known)
            throws IOException {
        Optional<LaidOut> laidOut = target.laidOut().isPresent() ? target.laidOut() : laidOutBefore(target, known);
        if (laidOut.isEmpty()) {
            return Optional.empty();
        }
        OutputLayout layout = laidOut.get().layout();
        OutputWriter writer = writer(folder, layout);
        return writer.isComplete()
                ? Optional.of(new Found(new OutputResult(target.target().name(), writer.location(), layout.bytes(),
                        layout.bitsPerWeight(), true, warnings(target), List.of(), List.of(), OutputResult.Work.NONE), writer))
                : Optional.empty();
    }

    /** By the choices of an output that is there. */
    private Optional<LaidOut> laidOutBefore(CheckedTarget target, Optional<InputStatistics> known) throws IOException {
        Optional<Chosen> chosen = target.target().chosenBefore(model, target.plan(), request.output());
        return chosen.isEmpty() ? Optional.empty() : Optional.of(target.target().layOut(model, known, chosen.get()));
    }

    private OutputWriter writer(OutputFolder folder, OutputLayout layout) {
        return new OutputWriter(folder, request.output(), layout, model.source().files(), settings);
    }

    private List<String> warnings(CheckedTarget target) {
        List<String> all = new ArrayList<>(warnings);
        all.addAll(target.plan().warnings());
        return all;
    }

    private void makeAll(TargetRun run, List<CheckedTarget> checked, List<Integer> missing, OutputResult[] results,
            CompletedOutputs completed) throws IOException {
        try {
            make(run, checked, missing, results, completed);
            run.forgetKept();
        } catch (InvalidModelException e) {
            // The next run has another input, and no use for what follows from this one.
            run.forgetKept();
            throw e;
        }
    }

    /** One set of targets after another: those that are cut alike are made together. */
    private void make(TargetRun run, List<CheckedTarget> checked, List<Integer> missing, OutputResult[] results,
            CompletedOutputs completed) throws IOException {
        List<Integer> left = new ArrayList<>(missing);
        while (!left.isEmpty()) {
            List<Integer> together = new ArrayList<>();
            CheckedTarget first = checked.get(left.get(0));
            left.removeIf(index -> {
                boolean same = together.isEmpty() || first.isCutLike(checked.get(index));
                if (same) {
                    together.add(index);
                }
                return same;
            });
            List<OutputResult> made = run.make(together.stream().map(checked::get).toList());
            for (int i = 0; i < together.size(); i++) {
                OutputResult result = made.get(i);
                results[together.get(i)] = new OutputResult(result.target(), result.location(), result.bytes(),
                        result.bitsPerWeight(), false, warnings(checked.get(together.get(i))), result.tensors(),
                        result.linears(), result.work());
                completed.complete(together.get(i), results[together.get(i)]);
            }
        }
    }

    private void requireShared(OutputFolder folder, Optional<InputStatistics> known, JavaSparkContext spark)
            throws IOException {
        FileCommit.requireNoSpeculation(spark, folder);
        if (folder.localPath().isPresent()) {
            SharedFolderCheck.requireShared(folder.localPath().get(), spark);
        }
        SharedFolderCheck.requireSeen(model.source().location(), "config.json", spark);
        if (known.isPresent()) {
            StatisticsReference reference = known.get().reference().orElseThrow();
            SharedFolderCheck.requireSeen(reference.folder().location(), CalibrationManifest.FILE, spark);
            reference.requireModel(model.source(), spark);
        }
    }
}
