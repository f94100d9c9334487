package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerWork;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;

/**
 * One pass, layer by layer. What comes out of a layer is persisted (in memory, else on disk) while the sums of its
 * groups
 * are added up and written; then the new hidden states alone are kept. Every few layers they are written to the work
 * folder, so that a lost executor costs no more than these.
 *
 * <p>Memory of an executor: two layers of weights, shared by its tasks; and for each task that runs at once the hidden
 * states of a group twice, the forward pass of 4,096 tokens, and the blocks of {@link StatisticsCollector}. Spark keeps
 * hidden states and blocks within its storage memory. The driver keeps two doubles a channel.
 */
final class CalibrationPass {
    private static final int LAYERS_A_CHECKPOINT = 8;

    private final JavaSparkContext spark;
    private final ModelReference model;
    private final CalibrationOptions options;
    private final OutputFolder output;
    private final String plan;
    private final CalibrateProgress progress;

    private final ImportanceMatrix imatrix = new ImportanceMatrix();
    private final StatisticsTables tables = new StatisticsTables();
    private final List<InputSummary> inputs = new ArrayList<>();
    private final List<CalibrateResult.Layer> layers = new ArrayList<>();
    private int expertsWithFewTokens;
    private long bytesWritten;

    CalibrationPass(
            JavaSparkContext spark,
            ModelReference model,
            CalibrationOptions options,
            OutputFolder output,
            String plan,
            CalibrateProgress progress) {
        this.spark = spark;
        this.model = model;
        this.options = options;
        this.output = output;
        this.plan = plan;
        this.progress = progress;
    }

    /** Runs it. */
    void run(List<int[]> sequences) throws IOException {
        List<SequenceGroup> groups = SequenceGroup.cut(sequences, options.groups());
        ModelReference reference = model;
        JavaRDD<HiddenStates> hidden = spark.parallelize(groups, groups.size())
                .map(group -> GroupPass.embed(reference, group))
                .persist(StorageLevel.MEMORY_AND_DISK());
        int count = model.model().layers();
        for (int layer = 0; layer < count; layer++) {
            hidden = layer(layer, hidden);
        }
        if (options.statistics() == Statistics.GRAM) {
            // The output matrix reads the final norm; an importance matrix has no entry for it.
            hidden = layer(count, hidden);
        }
        hidden.unpersist();
    }

    private JavaRDD<HiddenStates> layer(int layer, JavaRDD<HiddenStates> hidden) throws IOException {
        long start = System.nanoTime();
        int layers = model.model().layers();
        JavaRDD<LayerOutput> outputs = hidden.flatMap(
                        new LayerTask(model, layer, options.statistics(), options.routeAllExperts()))
                .persist(StorageLevel.MEMORY_AND_DISK());
        List<LayerOutput.Summary> summaries = outputs
                .filter(given -> given instanceof LayerOutput.Summary)
                .map(given -> (LayerOutput.Summary) given)
                .collect();
        LayerStatistics statistics = LayerStatistics.of(layer == layers ? -1 : layer, summaries);
        write(statistics, outputs);
        List<InputSummary> ofLayer = statistics.summaries(options.minExpertTokens());
        inputs.addAll(ofLayer);
        if (layer < layers) {
            imatrix.add(statistics, ofLayer);
        }
        tables.add(statistics, options.minExpertTokens());
        expertsWithFewTokens += statistics.expertsBelow(options.minExpertTokens());

        JavaRDD<HiddenStates> next = outputs
                .filter(given -> given instanceof LayerOutput.Hidden)
                .map(given -> ((LayerOutput.Hidden) given).states())
                .persist(StorageLevel.MEMORY_AND_DISK());
        if (layer % LAYERS_A_CHECKPOINT == LAYERS_A_CHECKPOINT - 1) {
            next.checkpoint();
        }
        next.count();
        outputs.unpersist();
        hidden.unpersist();
        double seconds = (System.nanoTime() - start) * 1e-9;
        CalibrateResult.Layer report = report(statistics.layer(), seconds, summaries);
        this.layers.add(report);
        progress.layer(
                layer, layers, report.executors().stream().mapToLong(CalibrateResult.Executor::tokens).sum(), seconds);
        return next;
    }

    private void write(LayerStatistics statistics, JavaRDD<LayerOutput> outputs) throws IOException {
        LayerFile layout = LayerFile.of(statistics.layer(), statistics.inputs(), options.statistics());
        bytesWritten += layout.length();
        if (layout.blocks().count() == 0) {
            output.write(layout.name(), plan, layout.head());
            return;
        }
        OutputFile file = output.file(new OutputSpec(layout.name(), layout.length(), plan, layout.head()));
        Broadcast<byte[]> head = spark.broadcast(layout.head());
        try {
            PartSink sink = file.begin(layout.blocks().parts());
            List<PartReceipt> receipts =
                    new GramReduction(layout.blocks(), GramReduction.parts(layout), sink, head).run(outputs);
            file.commit(receipts);
        } catch (IOException | RuntimeException e) {
            file.abort();
            throw e;
        } finally {
            head.unpersist();
        }
    }

    private static CalibrateResult.Layer report(int layer, double seconds, List<LayerOutput.Summary> summaries) {
        Map<String, List<LayerWork>> byExecutor = new TreeMap<>();
        for (LayerOutput.Summary summary : summaries) {
            byExecutor.computeIfAbsent(summary.work().executor(), executor -> new ArrayList<>()).add(summary.work());
        }
        List<CalibrateResult.Executor> executors = new ArrayList<>();
        byExecutor.forEach((executor, work) -> {
            long tokens = work.stream().mapToLong(LayerWork::tokens).sum();
            executors.add(new CalibrateResult.Executor(
                    executor,
                    tokens,
                    work.stream().mapToLong(LayerWork::bytesRead).sum(),
                    tokens / (work.stream().mapToLong(LayerWork::nanos).sum() * 1e-9)));
        });
        long bytesRead = executors.stream().mapToLong(CalibrateResult.Executor::bytesRead).sum();
        return new CalibrateResult.Layer(layer, seconds, bytesRead, executors);
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

    int expertsWithFewTokens() {
        return expertsWithFewTokens;
    }

    long bytesWritten() {
        return bytesWritten;
    }
}
