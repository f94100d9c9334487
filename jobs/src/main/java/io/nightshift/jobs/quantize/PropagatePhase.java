package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.calibration.PassMemory;
import io.nightshift.jobs.calibration.StepStatistics;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.StoredStates;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.JobScope;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.StageMemory;
import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.jobs.tasks.WorkFiles;
import io.nightshift.jobs.text.RecordedTokens;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Rounds an output one half of a decoder layer after another, each for the hidden states that the rounded halves before it
 * produce, as ExLlamaV2 does (conversion/quantize.py). Within a half, statistics are those of its own original weights. What
 * scales are folded in, and which encodings were chosen, stays as it is found with the model's own statistics.
 *
 * <p>For each half: a task a group of sequences collects statistics, tasks factorize them, settle the layers and round blocks
 * of their rows, and a task a group takes the states through the rounded half. All of the calibration's sequences are used, in
 * its groups, so that the bytes do not depend on the cluster. Blocks and states go where the output's kept results are: a run
 * that is cut off is continued.
 *
 * <p>Memory: that of {@link StepStatistics}, of rounding, and of {@link RoundedHalf}, one after another. On disk: the states
 * twice (4 bytes a token and channel); of the half at work its weights, 4 bytes each, statistics and factors; and the blocks.
 */
final class PropagatePhase {
    /** The name under which it is kept how far an output is. */
    static final String REACHED = "reached";

    private final JavaSparkContext spark;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final ModelReference reference;
    private final StatisticsReference statistics;
    private final Factors factors;
    private final WorkFiles files;
    private final String folder;
    private StageResources resources;

    /**
     * A phase for one output.
     *
     * @param statistics of the model's own states
     * @param files of the run
     * @param folder a folder there, unlike that of any other output
     */
    PropagatePhase(JavaSparkContext spark, RunId run, HadoopSettings settings, Progress progress, Model model,
            StatisticsReference statistics, Factors factors, WorkFiles files, String folder) {
        this.spark = spark;
        this.settings = settings;
        this.progress = progress;
        this.model = model;
        this.reference =
                ModelReference.of(run, DecoderModel.of(model.checkpoint(), model.conversion()), model.source());
        this.statistics = statistics;
        this.factors = factors;
        this.files = files;
        this.folder = folder;
    }

    /**
     * Makes sure that the sequences are there.
     *
     * @throws InvalidModelException if they are not
     * @throws IOException if they cannot be looked for
     */
    static void requireTokens(String target, StatisticsReference statistics) throws IOException {
        if (statistics.folder().open().find(CalibrationManifest.TOKENS).isEmpty()) {
            throw new InvalidModelException("--propagate quantized: --to " + target + ": "
                    + statistics.folder().location().text() + " has no " + CalibrationManifest.TOKENS
                    + ", the sequences that the rounded layers are run over; run nightshift calibrate again, or leave the"
                    + " option out");
        }
    }

    /**
     * The rows of a block of an output that was rounded.
     *
     * @throws IOException if they are not kept any more, or damaged
     */
    static RoundedBlock rounded(RowBlock block, KeptResults kept) throws IOException {
        return kept.find(block.name(), RoundedBlock.class).orElseThrow(() -> new IOException(
                kept.files().folder() + "/" + block.name() + ": is not as it was written; run again with --overwrite"));
    }

    /**
     * How far an output is.
     *
     * @param steps that are done
     * @param states behind them: names within the kept results' folder
     */
    record Reached(int steps, List<String> states) implements Serializable {}

    /**
     * Rounds the layers of an output, and keeps their blocks; a run that was cut off is continued behind the last half that
     * it finished.
     *
     * @throws InvalidModelException if weights or sequences cannot be used
     * @throws IOException if reading, writing or a task failed
     */
    void run(PreparedOutput output) throws IOException {
        KeptResults kept = output.kept();
        Map<ModelStep, List<Item.Gathered>> layers = new HashMap<>();
        output.gathered().forEach(layer -> layers.computeIfAbsent(ModelStep.of(layer.linear()), step -> new ArrayList<>())
                .add(layer));
        if (!modules(output).equals(output.inputs().keySet())) {
            throw new IllegalStateException(output.name() + ": has rows that are rounded by the tasks that write them");
        }
        if (layers.isEmpty()) {
            return;
        }
        List<ModelStep> steps = new ArrayList<>(ModelStep.halves(reference.model()));
        while (!layers.containsKey(steps.get(steps.size() - 1))) {
            steps.remove(steps.size() - 1);
        }
        resources = memory(reference.model(), statistics.manifest(), layers.values()).resources(spark);
        Optional<Reached> before = kept.find(REACHED, Reached.class);
        if (before.isPresent() && !areKept(output, layers, steps.subList(0, before.get().steps()))) {
            before = Optional.empty();
        }
        progress.found(before.map(Reached::steps).orElse(0), steps.size(), "attention and feed-forward blocks");
        StoredStates states = before.isPresent()
                ? StoredStates.of(kept.files(), before.get().states())
                : embed(kept.files());
        for (int i = before.map(Reached::steps).orElse(0); i < steps.size(); i++) {
            ModelStep step = steps.get(i);
            progress.phase("rounding " + step.name() + " for " + output.name());
            try (JobScope scope = JobScope.of(spark, output.name() + ", " + step.name())) {
                Map<LinearLayer, List<RoundedHalf.Block>> rounded =
                        layers.containsKey(step) ? round(output, step, layers.get(step), states) : Map.of();
                if (i < steps.size() - 1) {
                    StoredStates next = advance(states, (ModelStep.Half) step, output, rounded);
                    kept.keep(REACHED, new Reached(i + 1, new ArrayList<>(next.names())));
                    states.delete();
                    states = next;
                }
            }
            files.delete(folder(step));
        }
    }

    /**
     * Of tasks that collect a half's statistics, and of those that take states through the rounded half.
     *
     * @param halves their layers
     */
    static StageMemory memory(DecoderModel model, CalibrationManifest calibration, Collection<List<Item.Gathered>> halves) {
        int sequences = SequenceGroup.largest(calibration.sequences(), calibration.groups());
        long weights = halves.stream()
                .mapToLong(half -> half.stream().mapToLong(layer -> layer.linear().outputs() * layer.linear().inputs()).sum())
                .max().orElse(0);
        int length = calibration.sequenceLength();
        StageMemory through = PassMemory.of(model, sequences, length);
        StageMemory widest = PassMemory.of(model, sequences, length, StatisticsKind.GRAM)
                .or(new StageMemory(through.shared() + 2 * Float.BYTES * weights, through.task()));
        // What both halves read goes from one to the other.
        long between = model.isSideBySide() ? (long) Float.BYTES * sequences * length * model.hiddenSize() : 0;
        return new StageMemory(widest.shared(), widest.task() + between);
    }

    private static Set<String> modules(PreparedOutput output) {
        return output.gathered().stream().map(layer -> layer.linear().module()).collect(Collectors.toSet());
    }

    private static boolean areKept(PreparedOutput output, Map<ModelStep, List<Item.Gathered>> layers, List<ModelStep> steps)
            throws IOException {
        List<String> names = new ArrayList<>();
        for (ModelStep step : steps) {
            for (Item.Gathered layer : layers.getOrDefault(step, List.of())) {
                blocks(output, layer).forEach(block -> names.add(block.name()));
            }
        }
        return output.kept().count(names) == names.size();
    }

    private static List<RowBlock> blocks(PreparedOutput output, Item.Gathered layer) {
        return RowBlocks.of(layer, output.encoding(layer), output.ofGathered(layer), RowBlock.NO_PART);
    }

    private StoredStates embed(WorkFiles into) throws IOException {
        CalibrationManifest calibration = statistics.manifest();
        ModelReference embedded = reference;
        List<SequenceGroup> groups = SequenceGroup.cut(sequences(calibration), calibration.groups());
        return StoredStates.write(spark,
                spark.parallelize(groups, groups.size()).map(group -> GroupPass.embed(embedded, group)), into, "embedded");
    }

    private List<int[]> sequences(CalibrationManifest calibration) throws IOException {
        String location = statistics.folder().location().text() + "/" + CalibrationManifest.TOKENS;
        RecordedTokens tokens = RecordedTokens.read(location, settings);
        if (!tokens.sequences().digest().equals(calibration.tokensDigest())) {
            throw new InvalidModelException(location + ": are not the tokens that the statistics beside them were made of;"
                    + " run nightshift calibrate again");
        }
        return tokens.sequences().sequences();
    }

    private String folder(ModelStep step) {
        return folder + "/" + step.name();
    }

    /** Rounds the layers of a step. */
    private Map<LinearLayer, List<RoundedHalf.Block>> round(PreparedOutput output, ModelStep step, List<Item.Gathered> layers,
            StoredStates states) throws IOException {
        String location = files.folder() + "/" + folder(step) + "/statistics";
        StepStatistics.collect(spark, reference, step, states, statistics.manifest(), location, resources, settings);
        StatisticsReference ofStep = new StatisticsReference(FolderReference.find(location, settings));
        StatisticsReader reader = ofStep.open();
        Map<String, ScaledInput> inputs = new HashMap<>();
        for (Item.Gathered layer : layers) {
            LinearLayer linear = layer.linear();
            inputs.put(linear.module(),
                    ScaledInput.of(ofStep, reader, linear, output.scales().columnScales(linear), output.options()));
        }
        List<ScaledInput> largestFirst = new ArrayList<>(new LinkedHashSet<>(inputs.values()));
        largestFirst.sort(Comparator.comparing((ScaledInput input) -> -input.source().channels())
                .thenComparing(ScaledInput::name));
        factors.makeAll(spark, largestFirst);
        PreparedOutput seeing = output.with(inputs, Map.of());
        PreparedOutput settled = seeing.with(SettlePhase.run(spark, seeing, layers, model.source(), factors));
        List<RowBlock> blocks = layers.stream().flatMap(layer -> blocks(settled, layer).stream()).toList();
        List<RoundedHalf.Block> written = round(blocks, output, folder(step));
        factors.delete(largestFirst);
        Map<LinearLayer, List<RoundedHalf.Block>> ofLayers = new LinkedHashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            ofLayers.computeIfAbsent(blocks.get(i).item().linear(), linear -> new ArrayList<>()).add(written.get(i));
        }
        return ofLayers;
    }

    /** Rounds blocks, a task each. */
    private List<RoundedHalf.Block> round(List<RowBlock> blocks, PreparedOutput output, String into) throws IOException {
        int number = output.number();
        KeptResults kept = output.kept();
        FolderReference source = model.source();
        Factors shared = factors;
        WorkFiles weights = files;
        return new TaskRun(spark, "rounding " + output.name()).run(
                spark.parallelize(blocks, blocks.size()),
                (partition, given, attempt) -> {
                    try (Workers workers = TaskWorkers.open()) {
                        RowBlock block = given.next();
                        BlockTask.WithWeights made = BlockTask.withWeights(block, number, source.open(), shared, workers);
                        kept.keep(block.name(), made.block());
                        return RoundedHalf.write(weights, into + "/" + partition + "-" + attempt, made.weights());
                    }
                });
    }

    /** Takes the states through the rounded half. */
    private StoredStates advance(StoredStates states, ModelStep.Half half, PreparedOutput output,
            Map<LinearLayer, List<RoundedHalf.Block>> rounded) throws IOException {
        List<RoundedHalf.Tensor> tensors = rounded.keySet().stream()
                .map(LinearLayer::tensor)
                .distinct()
                .map(tensor -> new RoundedHalf.Tensor(tensor, output.foldings().linears(tensor).stream()
                        .map(linear -> Objects.requireNonNull(rounded.get(linear), linear.module()))
                        .toList()))
                .toList();
        RoundedHalf through = new RoundedHalf(reference, half, folder(half), files, tensors);
        return StoredStates.write(spark, resources.askedFor(states.read(spark).map(through::run)), output.kept().files(),
                "behind-" + half.name());
    }
}
