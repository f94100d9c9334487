package io.nightshift.jobs.quantize;

import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.forward.LayerStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.Foldings;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.KeptTasks;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.WorkFiles;
import io.nightshift.jobs.text.RecordedTokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/** What a run has measured: targets that differ in their budgets alone are measured once. */
final class Measurements {
    /**
     * Tokens that halves of layers are run over, about. Twice as many choose no better: of two models at 3, 4 and 5 bits, with
     * and without scales, the divergence on documents kept apart was the same within 2 %.
     */
    static final int TOKENS = 2048;

    private final JavaSparkContext spark;
    private final RunId run;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final Optional<StatisticsReference> statistics;
    private final Map<List<Object>, double[][]> found = new HashMap<>();
    private LayerStates states;

    Measurements(JavaSparkContext spark, RunId run, HadoopSettings settings, Progress progress, Model model,
            Optional<StatisticsReference> statistics) {
        this.spark = spark;
        this.run = run;
        this.settings = settings;
        this.progress = progress;
        this.model = model;
        this.statistics = statistics;
    }

    /**
     * The errors of each choice of each unit of a target with a selection.
     *
     * @param foldings what the scales of the output make of its layers
     * @param inputs what each layer reads, by module
     * @param work where the model's hidden states go, if it is run
     * @param kept errors of a run that was cut off, and of this one
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    double[][] errors(CheckedTarget target, Foldings foldings, Map<String, ScaledInput> inputs, Factors factors,
            WorkFiles work, KeptWork kept) throws IOException {
        TargetPlan plan = target.plan();
        Measure measure = plan.selection().orElseThrow().measure();
        List<Object> key = List.of(plan.units(), measure, inputs);
        if (!found.containsKey(key)) {
            progress.phase("measuring for " + target.target().name());
            KeptTasks<double[]> tasks = tasks(target, inputs, kept);
            progress.found(tasks.count(), plan.units().size(), "measured units");
            found.put(key, MeasurePhase.run(spark, target.target().name(), plan, foldings, inputs, model.source(), factors,
                    tasks, measure.runsModel() && !tasks.areDone() ? Optional.of(states(work)) : Optional.empty()));
        }
        return found.get(key);
    }

    /** A task a unit. All that errors follow from: what the scales are is in the inputs' names. */
    private KeptTasks<double[]> tasks(CheckedTarget target, Map<String, ScaledInput> inputs, KeptWork kept)
            throws IOException {
        TargetPlan plan = target.plan();
        Measure measure = plan.selection().orElseThrow().measure();
        Stream<String> options = Stream.of(measure.getClass().getName() + " " + measure,
                target.target().rounding().toString(), plan.norms().toString(), String.valueOf(TOKENS));
        Stream<String> read = new TreeMap<>(inputs).entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue().name());
        KeptResults results = kept.of("errors of choices",
                Stream.of(options, read, plan.units().stream().map(Unit::toString)).flatMap(part -> part));
        List<String> names = IntStream.range(0, plan.units().size()).mapToObj(unit -> "errors-" + unit).toList();
        return KeptTasks.find(spark, results, names, double[].class);
    }

    /** Of some of the sequences that statistics were made of, evenly spread. */
    private LayerStates states(WorkFiles work) throws IOException {
        if (states == null) {
            String folder = statistics.orElseThrow().folder().location().text();
            List<int[]> all = RecordedTokens.read(folder + "/" + CalibrationManifest.TOKENS, settings).sequences().sequences();
            int count = Math.min(all.size(), Math.max(1, TOKENS / all.get(0).length));
            List<int[]> some = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                some.add(all.get((int) ((long) i * all.size() / count)));
            }
            DecoderModel decoder = DecoderModel.of(model.checkpoint(), model.conversion());
            states = LayerStates.run(spark, ModelReference.of(run, decoder, model.source()), some, work);
        }
        return states;
    }
}
