package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.architecture.ScaleGroups;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.Foldings;
import io.nightshift.jobs.rounding.GroupScales;
import io.nightshift.jobs.rounding.LinearLoss;
import io.nightshift.jobs.rounding.LinearReports;
import io.nightshift.jobs.rounding.ScalePlan;
import io.nightshift.jobs.rounding.ScalePlanner;
import io.nightshift.jobs.rounding.ScaleTarget;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.CoreTime;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.WorkFolder;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/** The phases of one run on Spark, for one set of targets after another. */
final class TargetRun implements AutoCloseable {
    /** Changes when the same search may find other scales. */
    private static final String SCALES_VERSION = "scales-3";

    private final JavaSparkContext spark;
    private final QuantizeRequest request;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final Optional<InputStatistics> known;
    private final Optional<StatisticsReference> statistics;
    private final OutputFolder folder;
    private final RunId run = RunId.create();
    private final Map<List<Object>, ScalePlan> scalesFound = new HashMap<>();
    private final Measurements measurements;
    private final Set<ScaledInput> scaledInputs = new LinkedHashSet<>();
    private WorkFolder work;
    private KeptWork kept;
    private int propagated;

    TargetRun(JavaSparkContext spark, QuantizeRequest request, HadoopSettings settings, Progress progress, Model model,
            Optional<InputStatistics> statistics, OutputFolder folder) {
        this.spark = spark;
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.model = model;
        this.known = statistics;
        this.statistics = statistics.flatMap(InputStatistics::reference);
        this.folder = folder;
        this.measurements = new Measurements(spark, run, settings, progress, model, this.statistics);
    }

    /** Seconds by the clock since the last time that it was asked. */
    private static final class Clock {
        private long last = System.nanoTime();

        double seconds() {
            long now = System.nanoTime();
            double seconds = (now - last) * 1e-9;
            last = now;
            return seconds;
        }
    }

    /**
     * Makes targets whose files are cut alike, or a single one.
     *
     * @return what came of each
     * @throws InvalidModelException if weights or statistics cannot be used
     * @throws IOException if a task failed again and again, or the store
     */
    List<OutputResult> make(List<CheckedTarget> targets) throws IOException {
        try (CoreTime cores = CoreTime.count()) {
            return make(targets, cores);
        }
    }

    private List<OutputResult> make(List<CheckedTarget> targets, CoreTime cores) throws IOException {
        Prepared prepared = prepare(targets);
        for (PreparedOutput output : prepared.outputs()) {
            output.writer().removeOld();
        }
        Clock clock = new Clock();
        WritePhase phase = new WritePhase(spark, model.source(), prepared.factors(), prepared.outputs(),
                request.settings().partSize());
        WritePhase.Written written = phase.run(progress);
        double writing = clock.seconds();
        for (PreparedOutput output : prepared.outputs()) {
            finish(output, written.results());
            output.kept().delete();
        }
        OutputResult.Work made = work(phase, written, prepared, cores, writing, clock.seconds());
        List<OutputResult> results = new ArrayList<>();
        for (PreparedOutput output : prepared.outputs()) {
            results.add(result(output, written.results(), made));
        }
        return results;
    }

    /**
     * What has to be known before the first part can be written.
     *
     * @param factors statistics and factors, where there are some
     * @param inputs of which there are factors
     * @param seconds that it took; writing and verifying are still to come
     */
    record Prepared(List<PreparedOutput> outputs, Optional<Factors> factors, List<ScaledInput> inputs,
            OutputResult.Seconds seconds) {}

    /** Searches scales, chooses, lays out and makes factors, for targets whose files are cut alike. */
    Prepared prepare(List<CheckedTarget> targets) throws IOException {
        boolean measured = targets.stream().anyMatch(target -> target.plan().needs() == TargetPlan.Needs.GRAM);
        Optional<Factors> factors = measured ? Optional.of(factors()) : Optional.empty();
        Clock clock = new Clock();
        List<ScalePlan> scales = new ArrayList<>();
        for (CheckedTarget target : targets) {
            scales.add(scales(target));
        }
        double scaling = clock.seconds();
        List<PreparedOutput> outputs = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            outputs.add(prepare(i, targets.get(i), scales.get(i), factors));
        }
        double choosing = clock.seconds();
        Map<String, ScaledInput> inputs = new LinkedHashMap<>();
        for (PreparedOutput output : outputs) {
            if (!output.options().propagates()) {
                inputs.putAll(output.factorInputs());
            }
        }
        List<ScaledInput> largestFirst = new ArrayList<>(inputs.values());
        largestFirst.sort(Comparator.comparing(input -> -input.source().channels()));
        if (factors.isPresent()) {
            keepFactors(factors.get(), largestFirst);
        }
        if (!largestFirst.isEmpty()) {
            progress.phase("factorizing statistics");
            factors.orElseThrow().makeAll(spark, largestFirst);
        }
        if (factors.isPresent()) {
            for (int i = 0; i < outputs.size(); i++) {
                outputs.set(i, settled(outputs.get(i), factors.get()));
            }
        }
        OutputResult.Seconds seconds = new OutputResult.Seconds(scaling, choosing, clock.seconds(), 0, 0);
        return new Prepared(outputs, factors, largestFirst, seconds);
    }

    /** An output whose rows can be rounded in any tasks, or are. */
    private PreparedOutput settled(PreparedOutput output, Factors factors) throws IOException {
        if (output.options().propagates()) {
            // Executors know what they hold by where it is: a folder's name must not come again.
            new PropagatePhase(spark, run, settings, progress, model, statistics.orElseThrow(), factors,
                    work.files(), "propagated-" + propagated++).run(output);
            output.inputs().values().stream().filter(input -> input.scales() != null).forEach(scaledInputs::add);
            return output;
        }
        return output.with(SettlePhase.run(spark, output, output.gathered(), model.source(), factors));
    }

    /** Deletes the factors of scaled inputs that the next targets have no use for; inputs as they are may be of use again. */
    private void keepFactors(Factors factors, List<ScaledInput> needed) throws IOException {
        scaledInputs.removeAll(needed);
        factors.delete(List.copyOf(scaledInputs));
        scaledInputs.clear();
        needed.stream().filter(input -> input.scales() != null).forEach(scaledInputs::add);
    }

    /** Statistics and factors, in a folder that is removed when the run ends. */
    private Factors factors() throws IOException {
        if (work == null) {
            work = WorkFolder.create(request.settings().work(), request.output(), settings, spark);
            kept = new KeptWork(work, PlanDigest.ofJob(model, request.targets()), model.source().files(),
                    known.orElseThrow().text(), request.settings().overwrite());
        }
        return new Factors(run, work.files());
    }

    private ScalePlan scales(CheckedTarget target) throws IOException {
        TargetPlan plan = target.plan();
        if (!target.target().rounding().scaled()) {
            return ScalePlan.NONE;
        }
        ScaleTarget searched = new ScaleTarget(encodings(plan.units(), plan.nominal()), plan.norms());
        List<Object> key = List.of(searched, target.target().rounding().ratios());
        if (!scalesFound.containsKey(key)) {
            scalesFound.put(key, search(searched, target.target()));
        }
        return scalesFound.get(key);
    }

    private ScalePlan search(ScaleTarget searched, Target target) throws IOException {
        String what = "searching scales for " + target.name();
        progress.phase(what);
        Set<String> scaled = searched.encodings().keySet();
        List<LinearLayer> ofLayers = target.layers(model).stream().filter(linear -> linear.layer() >= 0).toList();
        List<ScaleGroup> groups = new ArrayList<>(
                ScaleGroups.of(model.conversion(), ofLayers, linear -> scaled.contains(linear.module())));
        for (LinearLayer linear : target.layers(model)) {
            if (linear.layer() < 0 && scaled.contains(linear.module())) {
                ScaleGroups.ofOutput(model.conversion(), linear).ifPresent(groups::add);
            }
        }
        Stream<String> madeOf = Stream.of(
                        groups.stream().map(ScaleGroup::toString),
                        new TreeMap<>(searched.encodings()).entrySet().stream().map(Map.Entry::toString),
                        Stream.of(searched.norms().toString(), String.valueOf(target.rounding().ratios()), SCALES_VERSION))
                .flatMap(part -> part);
        return ScalePlanner.plan(spark, what, groups, searched, target.rounding(), statistics.orElseThrow(),
                model.source(), kept.of("scales", madeOf), progress);
    }

    private static Map<String, RowEncoding> encodings(List<Unit> units, List<Choice> choices) {
        Map<String, RowEncoding> encodings = new LinkedHashMap<>();
        for (int i = 0; i < units.size(); i++) {
            for (int k = 0; k < units.get(i).linears().size(); k++) {
                encodings.put(units.get(i).linears().get(k).module(), choices.get(i).encodings().get(k));
            }
        }
        return encodings;
    }

    private PreparedOutput prepare(int number, CheckedTarget target, ScalePlan scales, Optional<Factors> factors)
            throws IOException {
        TargetPlan plan = target.plan();
        Foldings foldings = plan.units().isEmpty()
                ? Foldings.NONE
                : new Foldings(model.conversion(), model.matrices(target.target()), scales);
        Map<String, ScaledInput> inputs = inputs(target, scales);
        Chosen chosen = plan.selection().isPresent()
                ? plan.choose(measurements.errors(target, foldings, inputs, factors.orElseThrow(), work.files(), kept))
                : Chosen.fixed(plan);
        LaidOut laidOut = target.laidOut().isPresent()
                ? target.laidOut().get()
                : target.target().layOut(model, known, chosen);
        OutputWriter writer =
                new OutputWriter(folder, request.output(), laidOut.layout(), model.source().files(), settings);
        Set<String> rounded =
                plan.roundsByStatistics() ? encodings(plan.units(), chosen.choices()).keySet() : Set.of();
        return new PreparedOutput(number, target.target().name(), laidOut, writer, target.target().rounding(), rounded, scales,
                foldings, plan.roundsByStatistics() ? inputs : Map.of(), Map.of(),
                factors.isPresent() ? kept(laidOut, writer) : KeptResults.NONE);
    }

    /** Of gathered layers that are rounded by statistics: without, to round rows takes no longer than to read them. */
    private KeptResults kept(LaidOut laidOut, OutputWriter writer) throws IOException {
        return laidOut.layout().items().anyMatch(item -> item instanceof Item.Gathered)
                ? kept.of("rounded rows", Stream.of(writer.digest()))
                : KeptResults.NONE;
    }

    /** What the layers read that are rounded, or at least measured, by statistics. */
    private Map<String, ScaledInput> inputs(CheckedTarget target, ScalePlan scales) throws IOException {
        TargetPlan plan = target.plan();
        Map<String, ScaledInput> inputs = new HashMap<>();
        if (plan.needs() == TargetPlan.Needs.GRAM) {
            StatisticsReader reader = statistics.orElseThrow().open();
            for (Unit unit : plan.units()) {
                for (LinearLayer linear : unit.linears()) {
                    inputs.put(linear.module(), linear.role() == Role.EMBEDDING
                            ? ScaledInput.ofEmbedding(model.source(), model.embeddingReaders().orElseThrow(), statistics.get(),
                                    reader, target.target().rounding())
                            : ScaledInput.of(statistics.get(), reader, linear, scales.columnScales(linear),
                                    target.target().rounding()));
                }
            }
        }
        return inputs;
    }

    private void finish(PreparedOutput output, List<PartResult> results) throws IOException {
        OutputLayout layout = output.laidOut().layout();
        if (!layout.isFolder()) {
            return;
        }
        output.writer().copyOthers(model.source().open());
        progress.phase("verifying");
        List<RoundedBlock.Summary> blocks = results.stream().flatMap(result -> result.blocks().stream()).toList();
        VerifyPhase.run(spark, output.writer(), layout, blocks, settings);
        progress.committing(output.writer().location());
        output.writer().writeGenerated();
    }

    private static OutputResult.Work work(
            WritePhase phase, WritePhase.Written written, Prepared prepared, CoreTime cores, double writing,
            double verifying) {
        long read = prepared.outputs().stream()
                .flatMap(output -> output.scales().groups().stream())
                .mapToLong(GroupScales::bytesRead)
                .sum();
        WorkTime time = WorkTime.ZERO;
        for (PartResult result : written.results()) {
            read += result.bytesRead();
            read += result.blocks().stream().mapToLong(RoundedBlock.Summary::bytesRead).sum();
            time = time.plus(result.time());
        }
        long bytes = prepared.outputs().stream().mapToLong(output -> output.laidOut().layout().bytes()).sum();
        OutputResult.Seconds before = prepared.seconds();
        return new OutputResult.Work(prepared.outputs().size(), phase.pieces(), written.blocks(), read, bytes, time,
                cores.nanos(),
                new OutputResult.Seconds(before.scales(), before.choosing(), before.factors(), writing, verifying));
    }

    private OutputResult result(PreparedOutput output, List<PartResult> results, OutputResult.Work work)
            throws IOException {
        OutputLayout layout = output.laidOut().layout();
        List<LinearLoss> losses = new ArrayList<>();
        for (PartResult result : results) {
            result.losses().stream().filter(loss -> loss.output() == output.number()).forEach(losses::add);
        }
        results.stream()
                .flatMap(result -> result.blocks().stream())
                .sorted(Comparator.comparing(RoundedBlock.Summary::module).thenComparing(RoundedBlock.Summary::from))
                .forEach(block -> losses.add(block.loss()));
        List<LinearLayer> linears = output.rounded().isEmpty()
                ? List.of()
                : output.foldings().linears().stream().filter(linear -> output.rounded().contains(linear.module())).toList();
        return new OutputResult(output.name(), output.writer().location(), layout.bytes(), layout.bitsPerWeight(), false,
                List.of(), tensors(output, results),
                LinearReports.of(linears, losses, output.scales(), output.options()), work);
    }

    private static List<OutputResult.TensorReport> tensors(PreparedOutput output, List<PartResult> results) {
        Map<String, TensorError> errors = new HashMap<>();
        for (PartResult result : results) {
            for (PartResult.ItemError error : result.errors()) {
                if (error.output() == output.number()) {
                    errors.merge(error.file() + " " + error.item(), error.error(), TensorError::plus);
                }
            }
        }
        List<OutputResult.TensorReport> reports = new ArrayList<>();
        List<LaidOutFile> files = output.laidOut().layout().files();
        for (int file = 0; file < files.size(); file++) {
            for (int i = 0; i < files.get(file).items().size(); i++) {
                Item item = files.get(file).items().get(i);
                TensorError error = errors.getOrDefault(file + " " + i, TensorError.NONE);
                reports.add(new OutputResult.TensorReport(item.name(), item.type(), error.relative()));
            }
        }
        return reports;
    }

    /** Removes what is kept for a run that would go on with this one's work: there is nothing left to do. */
    void forgetKept() throws IOException {
        if (kept != null) {
            kept.delete();
        }
    }

    /** Removes the factors, and what executors hold. */
    @Override
    public void close() throws IOException {
        if (work != null) {
            RunCache.end(run, spark);
            work.close();
        }
    }
}
