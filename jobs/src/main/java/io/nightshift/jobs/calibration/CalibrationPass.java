package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerWork;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.StoredStates;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.tasks.JobScope;
import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.WorkFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * One pass, layer by layer. What comes out of a layer is persisted (in memory, else on disk) while the sums of its
 * groups are added up and written; then the new hidden states alone are kept, and the shuffled blocks deleted. Every
 * few layers the states are written to the run's work folder and read back from there, so that a lost executor costs no
 * more than these; the files before are deleted then.
 *
 * <p>Memory of an executor: two layers of weights, shared by its tasks; and for each task that runs at once the hidden
 * states of a group twice, the forward pass of 4,096 tokens, the blocks of {@link StatisticsCollector}, and those that
 * Java's serialization refers to, up to a hundred ({@code spark.serializer.objectStreamReset}). That is outside of
 * Spark's accounts, so it has to fit what {@code spark.memory.fraction} leaves of the heap. Hidden states and blocks
 * that are persisted stay within Spark's share, the rest of them on disk: at most what one layer gives for all groups,
 * and as much for the shuffle. The driver keeps the sums of all groups of a layer, two doubles a channel each, and the
 * importance matrix, a float a channel of every matrix. Nothing else grows with the number of layers.
 */
final class CalibrationPass {
    private static final int LAYERS_A_CHECKPOINT = 8;

    private final JavaSparkContext spark;
    private final ModelReference model;
    private final CalibrationOptions options;
    private final WorkFolder work;
    private final StatisticsWriter writer;
    private final CalibrateProgress progress;

    private final ImportanceMatrix imatrix;
    private final StatisticsTables tables = new StatisticsTables();
    private final List<InputSummary> inputs = new ArrayList<>();
    private final List<CalibrateResult.Layer> layers = new ArrayList<>();
    private final ExecutorWork executors = new ExecutorWork();
    private StageResources resources;
    private Optional<StoredStates> stored = Optional.empty();
    private int expertsWithFewTokens;
    private long bytesWritten;

    CalibrationPass(
            JavaSparkContext spark,
            ModelReference model,
            CalibrationOptions options,
            OutputFolder output,
            WorkFolder work,
            String plan,
            CalibrateProgress progress) {
        this.spark = spark;
        this.model = model;
        this.imatrix = new ImportanceMatrix(model.model().tensors().recipes());
        this.options = options;
        this.work = work;
        this.writer = new StatisticsWriter(spark, output, plan, options.statistics());
        this.progress = progress;
    }

    /** Runs it. */
    void run(List<int[]> sequences) throws IOException {
        List<SequenceGroup> groups =
                SequenceGroup.cut(sequences, options.groupsOf(sequences.size(), sequences.get(0).length));
        ModelReference reference = model;
        JavaRDD<HiddenStates> hidden = spark.parallelize(groups, groups.size())
                .map(group -> GroupPass.embed(reference, group))
                .persist(StorageLevel.MEMORY_AND_DISK());
        resources = PassMemory.of(model.model(), SequenceGroup.largest(sequences.size(), groups.size()),
                sequences.get(0).length, options.statistics()).resources(spark);
        int count = model.model().layers();
        // The output matrix reads the final norm; an importance matrix has no entry for it.
        int last = options.statistics() == StatisticsKind.GRAM ? count : count - 1;
        for (int layer = 0; layer <= last; layer++) {
            try (JobScope scope = JobScope.of(spark, "layer " + layer)) {
                hidden = layer(layer, hidden);
            }
        }
        hidden.unpersist();
    }

    private JavaRDD<HiddenStates> layer(int layer, JavaRDD<HiddenStates> hidden) throws IOException {
        long start = System.nanoTime();
        int layers = model.model().layers();
        ModelStep step = layer == layers ? new ModelStep.Norm() : new ModelStep.Layer(layer);
        JavaRDD<LayerOutput> outputs = resources.askedFor(
                        hidden.flatMap(new LayerTask(model, step, options.statistics(), options.routeAllExperts())))
                .persist(StorageLevel.MEMORY_AND_DISK());
        List<LayerOutput.Summary> summaries = writer.run(outputs);
        LayerStatistics statistics = LayerStatistics.of(step.layer(), summaries);
        progress.committing(writer.output().location());
        bytesWritten += writer.write(statistics, outputs);
        List<InputSummary> ofLayer = statistics.summaries(options.minExpertTokens());
        inputs.addAll(ofLayer);
        if (layer < layers) {
            imatrix.add(statistics, ofLayer);
        }
        tables.add(statistics, options.minExpertTokens());
        expertsWithFewTokens += statistics.expertsBelow(options.minExpertTokens());

        JavaRDD<HiddenStates> next = keep(layer, outputs
                .filter(given -> given instanceof LayerOutput.Hidden)
                .map(given -> ((LayerOutput.Hidden) given).states()));
        outputs.unpersist();
        hidden.unpersist();
        double seconds = (System.nanoTime() - start) * 1e-9;
        List<LayerWork> tasks = summaries.stream().map(LayerOutput.Summary::work).toList();
        long tokens = tasks.stream().mapToLong(LayerWork::tokens).sum();
        this.layers.add(new CalibrateResult.Layer(
                statistics.layer(),
                tokens,
                seconds,
                tokens / Math.max(1e-9, seconds),
                tasks.stream().mapToLong(LayerWork::bytesRead).sum(),
                executors.add(tasks)));
        progress.layer(layer, layers, tokens, seconds);
        return next;
    }

    /** Computes the states, and keeps them apart from what they were computed of: persisted, and every few layers stored. */
    private JavaRDD<HiddenStates> keep(int layer, JavaRDD<HiddenStates> states) throws IOException {
        if (layer % LAYERS_A_CHECKPOINT != LAYERS_A_CHECKPOINT - 1) {
            JavaRDD<HiddenStates> kept = states.persist(StorageLevel.MEMORY_AND_DISK());
            new TaskRun(spark, "hidden states").run(kept, (group, given, attempt) -> given.hasNext());
            return kept;
        }
        StoredStates made = StoredStates.write(spark, states, work.files(), "states-" + layer);
        // Those before are of no use once the lineage begins at new ones.
        Optional<StoredStates> before = stored;
        stored = Optional.of(made);
        if (before.isPresent()) {
            before.get().delete();
        }
        return made.read(spark).persist(StorageLevel.MEMORY_AND_DISK());
    }

    /** The importance matrix. */
    ImportanceMatrix imatrix() {
        return imatrix;
    }

    /** What people look at. */
    StatisticsTables tables() {
        return tables;
    }

    /** All inputs, layer by layer. */
    List<InputSummary> inputs() {
        return inputs;
    }

    /** What each layer took. */
    List<CalibrateResult.Layer> layers() {
        return layers;
    }

    /** What each executor did for all layers. */
    List<CalibrateResult.Executor> executors() {
        return executors.inAll();
    }

    int expertsWithFewTokens() {
        return expertsWithFewTokens;
    }

    long bytesWritten() {
        return bytesWritten;
    }
}
