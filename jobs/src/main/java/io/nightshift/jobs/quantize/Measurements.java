package io.nightshift.jobs.quantize;

import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.forward.LayerStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.quantize.MeasurePhase.Measured;
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
import java.util.Arrays;
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

    /** Of what is measured: errors that a run of another version has kept are not used. */
    private static final String VERSION = "errors-3";

    private final JavaSparkContext spark;
    private final RunId run;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final Optional<StatisticsReference> statistics;
    private final Map<List<Object>, double[][]> found = new HashMap<>();
    private final Map<List<Integer>, LayerStates> states = new HashMap<>();

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
     * The errors of each choice of each unit of a target with a selection; what they cost, where some are tried in the model.
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
        Probes probes = plan.selection().get().probes();
        List<Object> key = List.of(plan.units(), measure, probes, inputs);
        if (!found.containsKey(key)) {
            String name = target.target().name();
            progress.phase("measuring for " + name);
            KeptTasks<double[]> tasks = tasks(target, inputs, kept);
            progress.found(tasks.count(), plan.units().size(), "measured units");
            List<Measured> units = Measured.of(plan, foldings, inputs);
            double[][] errors = MeasurePhase.run(spark, name, measure, units, model.source(), factors, tasks,
                    measure.runsModel() && !tasks.areDone() ? Optional.of(states(wholeSequences(), work)) : Optional.empty());
            if (probes != Probes.NONE) {
                progress.phase("probing for " + name);
                errors = probed(target, units, errors, inputs, factors, work, kept);
            }
            found.put(key, errors);
        }
        return found.get(key);
    }

    /** What the errors cost that the model's predictions tell of. */
    private double[][] probed(CheckedTarget target, List<Measured> units, double[][] errors,
            Map<String, ScaledInput> inputs, Factors factors, WorkFiles work, KeptWork kept) throws IOException {
        Probes asked = target.plan().selection().orElseThrow().probes();
        List<List<Integer>> choices = asked.choices();
        List<Probe> probes = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            for (int choice : choices.get(i)) {
                probes.add(new Probe(units.get(i), choice));
            }
        }
        KeptResults results = kept.of("probes", madeOf(target, inputs, asked.toString()));
        List<String> names = IntStream.range(0, probes.size()).mapToObj(probe -> "divergence-" + probe).toList();
        KeptTasks<Double> tasks = KeptTasks.find(spark, results, names, Double.class);
        progress.found(tasks.count(), probes.size(), "probes");
        ProbePhase phase = new ProbePhase(spark, target.target().name(),
                tasks.areDone() ? null : states(pieces(asked), work), model.source(), factors, work);
        List<Double> divergences = phase.divergences(probes, tasks);
        double[][] costs = new double[errors.length][];
        int next = 0;
        for (int i = 0; i < costs.length; i++) {
            List<Double> ofUnit = divergences.subList(next, next + choices.get(i).size());
            costs[i] = ProbedCosts.of(errors[i], choices.get(i), ofUnit);
            next += ofUnit.size();
        }
        return costs;
    }

    /** A task a unit. */
    private KeptTasks<double[]> tasks(CheckedTarget target, Map<String, ScaledInput> inputs, KeptWork kept)
            throws IOException {
        KeptResults results = kept.of("errors of choices", madeOf(target, inputs, String.valueOf(TOKENS)));
        List<String> names =
                IntStream.range(0, target.plan().units().size()).mapToObj(unit -> "errors-" + unit).toList();
        return KeptTasks.find(spark, results, names, double[].class);
    }

    /** All that errors follow from: what the scales are is in the inputs' names. */
    private static Stream<String> madeOf(CheckedTarget target, Map<String, ScaledInput> inputs, String sample) {
        TargetPlan plan = target.plan();
        Measure measure = plan.selection().orElseThrow().measure();
        Stream<String> options = Stream.of(VERSION, measure.getClass().getName() + " " + measure,
                target.target().rounding().toString(), plan.norms().toString(), sample);
        Stream<String> read = new TreeMap<>(inputs).entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue().name());
        return Stream.of(options, read, plan.units().stream().map(Unit::toString)).flatMap(part -> part);
    }

    /** Some of the sequences that statistics were made of, evenly spread. */
    private List<int[]> wholeSequences() throws IOException {
        List<int[]> all = sequences();
        return spread(all, Math.max(1, TOKENS / all.get(0).length));
    }

    /** The beginnings of some sequences; pieces further back too, where there are few. */
    private List<int[]> pieces(Probes probes) throws IOException {
        List<int[]> all = sequences();
        int count = probes.sequences();
        int length = Math.min(probes.length(), all.get(0).length);
        List<int[]> pieces = new ArrayList<>();
        for (int from = 0; pieces.size() < count && from + length <= all.get(0).length; from += length) {
            for (int[] sequence : all) {
                pieces.add(Arrays.copyOfRange(sequence, from, from + length));
            }
        }
        return spread(pieces, count);
    }

    private static List<int[]> spread(List<int[]> all, int most) {
        int count = Math.min(all.size(), most);
        return IntStream.range(0, count).mapToObj(i -> all.get((int) ((long) i * all.size() / count))).toList();
    }

    private List<int[]> sequences() throws IOException {
        String folder = statistics.orElseThrow().folder().location().text();
        return RecordedTokens.read(folder + "/" + CalibrationManifest.TOKENS, settings).sequences().sequences();
    }

    /** The model's states for a sample of the text; whole sequences and pieces of them are run once each. */
    private LayerStates states(List<int[]> sequences, WorkFiles work) throws IOException {
        List<Integer> shape = List.of(sequences.size(), sequences.get(0).length);
        if (!states.containsKey(shape)) {
            DecoderModel decoder = DecoderModel.of(model.checkpoint(), model.conversion());
            states.put(shape, LayerStates.run(spark, ModelReference.of(run, decoder, model.source()), sequences, work));
        }
        return states.get(shape);
    }
}
