package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.StatisticsReader;
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
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.jobs.tasks.WorkFiles;
import io.nightshift.jobs.text.RecordedTokens;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Rounds an output one half of a decoder layer after another, each for the hidden states that the rounded halves before it
 * produce, as ExLlamaV2 does (conversion/quantize.py). Within a half, statistics are those of its own original weights. What
 * scales are folded in, and which encodings were chosen, stays as it is found with the model's own statistics.
 *
 * <p>For each half: a task a group of sequences collects statistics, tasks factorize them, settle the layers and round blocks
 * of their rows, and a task a group takes the states through the rounded half. All of the calibration's sequences are used, in
 * its groups, so that the bytes do not depend on the cluster.
 *
 * <p>Memory: that of {@link StepStatistics}, of rounding, and of {@link RoundedHalf}, one after another. In the work folder:
 * the states twice (4 bytes a token and channel), the weights of a half, 4 bytes each, and statistics and factors of all
 * inputs, until the output is written.
 */
final class PropagatePhase {
    private final JavaSparkContext spark;
    private final HadoopSettings settings;
    private final Progress progress;
    private final Model model;
    private final ModelReference reference;
    private final StatisticsReference statistics;
    private final Factors factors;
    private final WorkFiles files;
    private final String folder;

    /**
     * A phase for one output.
     *
     * @param statistics of the model's own states
     * @param files of the run
     * @param folder a folder there of its own
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
     * Rounds an output.
     *
     * @return the output with the inputs that its layers were rounded for, and their settled encodings
     * @throws InvalidModelException if weights or sequences cannot be used
     * @throws IOException if reading, writing or a task failed
     */
    PreparedOutput run(PreparedOutput output) throws IOException {
        CalibrationManifest calibration = statistics.manifest();
        ModelReference embedded = reference;
        List<SequenceGroup> groups = SequenceGroup.cut(sequences(calibration), calibration.groups());
        StoredStates states = StoredStates.write(spark,
                spark.parallelize(groups, groups.size()).map(group -> GroupPass.embed(embedded, group)), files,
                folder + "/embedded");
        PreparedOutput made = output;
        Set<String> left = new HashSet<>(output.inputs().keySet());
        for (ModelStep step : ModelStep.halves(reference.model())) {
            if (left.isEmpty()) {
                break;
            }
            progress.phase("rounding " + step.name() + " for " + output.name());
            String location = files.folder() + "/" + folder + "/" + step.name();
            StepStatistics.collect(spark, reference, step, states, calibration, location, settings);
            StatisticsReference ofStep = new StatisticsReference(FolderReference.find(location, settings));
            List<Item.Gathered> layers = layers(output, ofStep, left);
            layers.forEach(layer -> left.remove(layer.linear().module()));
            made = prepared(made, layers, ofStep);
            List<RoundedHalf.Part> rounded = round(made, step, layers);
            if (step instanceof ModelStep.Half half) {
                StoredStates next = advance(states, half, made, rounded);
                states.delete();
                states = next;
            }
        }
        states.delete();
        if (!left.isEmpty()) {
            throw new IllegalStateException(left + ": no step of the model reads for these layers");
        }
        return made;
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

    /** The layers of a step that are to be rounded. */
    private static List<Item.Gathered> layers(PreparedOutput output, StatisticsReference ofStep, Set<String> left)
            throws IOException {
        Set<String> tensors = new HashSet<>();
        for (InputSummary input : ofStep.manifest().inputs()) {
            tensors.addAll(input.tensors());
        }
        return output.gathered().stream()
                .filter(layer -> left.contains(layer.linear().module()) && tensors.contains(layer.linear().tensor()))
                .toList();
    }

    /** Makes factors and settles. */
    private PreparedOutput prepared(PreparedOutput output, List<Item.Gathered> layers, StatisticsReference ofStep)
            throws IOException {
        StatisticsReader reader = ofStep.open();
        Map<String, ScaledInput> inputs = new HashMap<>(output.inputs());
        Map<String, ScaledInput> needed = new LinkedHashMap<>();
        for (Item.Gathered layer : layers) {
            LinearLayer linear = layer.linear();
            ScaledInput input = ScaledInput.of(ofStep, StatisticsReference.input(reader, linear),
                    output.scales().columnScales(linear), output.options());
            inputs.put(linear.module(), input);
            needed.put(input.name(), input);
        }
        List<ScaledInput> largestFirst = new ArrayList<>(needed.values());
        largestFirst.sort(Comparator.comparing(input -> -input.statistics().channels()));
        factors.makeAll(spark, largestFirst);
        PreparedOutput seeing = output.with(inputs, output.settled());
        Map<String, RowEncoding> settled = new HashMap<>(output.settled());
        settled.putAll(SettlePhase.run(spark, seeing, layers, model.source(), factors));
        return seeing.with(settled);
    }

    /** Rounds the layers, a task a block of rows. */
    private List<RoundedHalf.Part> round(PreparedOutput output, ModelStep step, List<Item.Gathered> layers)
            throws IOException {
        List<RowBlock> blocks = new ArrayList<>();
        layers.forEach(layer -> blocks.addAll(
                RowBlocks.of(layer, output.encoding(layer), output.ofGathered(layer), RowBlock.NO_PART)));
        if (blocks.isEmpty()) {
            return List.of();
        }
        int number = output.number();
        FolderReference source = model.source();
        Factors shared = factors;
        WorkFiles into = files;
        String weights = weights(step);
        List<RoundedHalf.Block> written = new TaskRun(spark, "rounding " + step.name()).run(
                spark.parallelize(blocks, blocks.size()),
                (partition, given, attempt) -> {
                    try (Workers workers = TaskWorkers.open()) {
                        BlockTask.WithWeights made =
                                BlockTask.withWeights(given.next(), number, source.open(), shared, workers);
                        return RoundedHalf.write(into, weights + "/" + partition + "-" + attempt, made.weights());
                    }
                });
        Map<LinearLayer, List<RoundedHalf.Block>> ofLayers = new LinkedHashMap<>();
        for (int i = 0; i < blocks.size(); i++) {
            ofLayers.computeIfAbsent(blocks.get(i).item().linear(), linear -> new ArrayList<>()).add(written.get(i));
        }
        return ofLayers.entrySet().stream().map(found -> new RoundedHalf.Part(found.getKey(), found.getValue())).toList();
    }

    private String weights(ModelStep step) {
        return folder + "/weights-" + step.name();
    }

    /** Takes the states through the rounded half. */
    private StoredStates advance(StoredStates states, ModelStep.Half half, PreparedOutput output,
            List<RoundedHalf.Part> rounded) throws IOException {
        Map<String, RoundedHalf.Part> byModule = new HashMap<>();
        rounded.forEach(part -> byModule.put(part.linear().module(), part));
        List<RoundedHalf.Tensor> tensors = rounded.stream()
                .map(part -> part.linear().tensor())
                .distinct()
                .map(tensor -> new RoundedHalf.Tensor(tensor, output.foldings().linears(tensor).stream()
                        .map(linear -> byModule.getOrDefault(
                                linear.module(), new RoundedHalf.Part(linear, List.of())))
                        .toList()))
                .toList();
        RoundedHalf through = new RoundedHalf(reference, half, folder + "/" + half.name(), files, tensors);
        StoredStates next = StoredStates.write(
                spark, states.read(spark).map(through::run), files, folder + "/behind-" + half.name());
        files.delete(weights(half));
        return next;
    }
}
