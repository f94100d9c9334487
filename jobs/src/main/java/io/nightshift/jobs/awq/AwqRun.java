package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.ScalePlan;
import io.nightshift.jobs.rounding.ScalePlanner;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.tasks.WorkFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/** The phases of one job on Spark: scales, factors, rounding with packing and writing, verification. */
final class AwqRun {
    private final JavaSparkContext spark;
    private final AwqRequest request;
    private final HadoopSettings settings;
    private final AwqProgress progress;
    private final AwqPreparation prepared;
    private final AwqPlan plan;

    private ScalePlan scales = ScalePlan.NONE;
    private final List<RoundedBlock.Measure> measures = new ArrayList<>();
    private int blockCount;
    private int partCount;
    private long bytesRead;
    private double scaleSeconds;
    private double factorSeconds;
    private double roundingSeconds;
    private double verifySeconds;

    AwqRun(JavaSparkContext spark, AwqRequest request, HadoopSettings settings, AwqProgress progress,
            AwqPreparation prepared) {
        this.spark = spark;
        this.request = request;
        this.settings = settings;
        this.progress = progress;
        this.prepared = prepared;
        this.plan = prepared.plan();
    }

    private RoundingOptions rounding() {
        return request.rounding();
    }

    /** Makes and commits the shards. */
    void make(List<OutputFile> shards, WorkFolder work) throws IOException {
        long start = System.nanoTime();
        if (rounding().scaled()) {
            progress.phase("searching scales");
            scales = ScalePlanner.plan(spark, prepared.model().scaleGroups(plan), new AwqRounding(request.options()),
                    rounding(), prepared.statistics(), prepared.source());
            scales.groups().forEach(group -> bytesRead += group.bytesRead());
        }
        scaleSeconds = seconds(start);
        Factors factors = prepared.statistics() == null
                ? null
                : new Factors(prepared.statistics(), work.location(), settings, rounding());
        try {
            write(shards, factors);
        } catch (IOException | RuntimeException e) {
            for (OutputFile shard : shards) {
                abort(shard, e);
            }
            throw e;
        } finally {
            progress.stopped();
            if (factors != null) {
                InputMatrices.ofThisProcess().release(factors);
            }
        }
    }

    private static void abort(OutputFile shard, Exception failure) {
        try {
            shard.abort();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void write(List<OutputFile> shards, Factors factors) throws IOException {
        Map<Integer, Folding> foldings = prepared.model().foldings(plan, scales);
        List<ShardPart> parts =
                ShardParts.of(plan, foldings::containsKey, request.partSize(), spark.defaultParallelism());
        List<RowBlock> blocks = Blocks.of(
                plan, parts, scales, factors == null ? null : prepared.statistics().open());
        blockCount = blocks.size();
        partCount = parts.size();
        if (rounding().feedback()) {
            makeFactors(blocks, factors);
        }
        long start = System.nanoTime();
        List<PartSink> sinks = new ArrayList<>();
        for (int i = 0; i < shards.size(); i++) {
            int shard = i;
            sinks.add(shards.get(i).begin((int) parts.stream().filter(part -> part.shard() == shard).count()));
        }
        progress.started(parts.size(), plan.shards().stream().mapToLong(SafetensorsLayout::length).sum());
        boolean clipped = rounding().scaled() && request.options().groupSize() != AwqOptions.WHOLE_ROWS;
        List<PartTask.Outcome> outcomes = new PartsJob(
                        spark, plan, parts, blocks, foldings, prepared.source(), sinks, factors, clipped, progress)
                .run();
        for (int i = 0; i < shards.size(); i++) {
            List<PartReceipt> receipts = new ArrayList<>();
            for (ShardPart part : parts) {
                if (part.shard() == i) {
                    receipts.add(outcomes.get(part.index()).receipt());
                }
            }
            shards.get(i).commit(receipts);
        }
        for (PartTask.Outcome outcome : outcomes) {
            bytesRead += outcome.bytesRead();
            measures.addAll(outcome.measures());
        }
        measures.sort(Comparator.comparing(RoundedBlock.Measure::unit).thenComparing(RoundedBlock.Measure::from));
        measures.forEach(measure -> bytesRead += measure.bytesRead());
        roundingSeconds = seconds(start);
    }

    private void makeFactors(List<RowBlock> blocks, Factors factors) throws IOException {
        long start = System.nanoTime();
        progress.phase("factorizing");
        Map<String, ScaledInput> inputs = new LinkedHashMap<>();
        blocks.forEach(block -> inputs.put(block.input().name(), block.input()));
        factors.makeAll(spark, new ArrayList<>(inputs.values()));
        factorSeconds = seconds(start);
    }

    /**
     * Reads the committed shards back.
     *
     * @throws IOException if they are not what was meant: then the folder gets no {@code config.json}
     */
    void verify(String location) throws IOException {
        long start = System.nanoTime();
        progress.phase("verifying");
        FolderReference output = FolderReference.find(location, settings);
        Set<SafetensorsTensor> planned = new HashSet<>();
        plan.shards().forEach(shard -> planned.addAll(shard.tensors()));
        Set<SafetensorsTensor> found = new HashSet<>(committed(output.open()));
        if (!found.equals(planned)) {
            throw new IOException(
                    location + ": the committed shards do not hold the tensors that were planned; run again");
        }
        List<AwqItem.Packed> units = plan.units();
        List<VerifyTask.Expected> expected = new ArrayList<>();
        for (int i = 0; i < units.size(); i++) {
            int unit = i;
            expected.add(new VerifyTask.Expected(
                    units.get(i), measures.stream().filter(measure -> measure.unit() == unit).toList()));
        }
        try {
            spark.parallelize(expected, expected.size()).foreach(layer -> VerifyTask.run(layer, output.open()));
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        }
        verifySeconds = seconds(start);
    }

    /** The index is not there yet, so that files are read by themselves. */
    private List<SafetensorsTensor> committed(ModelFolder output) throws IOException {
        List<SafetensorsTensor> tensors = new ArrayList<>();
        for (SafetensorsLayout shard : plan.shards()) {
            StoredFile file = output.find(shard.file()).orElseThrow(() -> new IOException(
                    output.location() + "/" + shard.file() + " is missing after it was committed; run again"));
            tensors.addAll(SafetensorsHeader.read(output, file));
        }
        return tensors;
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    /** What was done. */
    AwqResult result(String location, long bytes) {
        return new AwqResult(location, plan.options().format().option(), bytes, false, plan.warnings(),
                new LinearReports(plan, scales, rounding()).of(measures), bytesRead, blockCount, partCount,
                new AwqResult.Seconds(scaleSeconds, factorSeconds, roundingSeconds, verifySeconds));
    }
}
