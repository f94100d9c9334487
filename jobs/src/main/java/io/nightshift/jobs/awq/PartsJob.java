package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.TaskAttempt;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.HashPartitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Function2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

import scala.reflect.ClassTag$;

/** Rounds all blocks, a task each, gathers them to the parts that their layers are in, and writes these, a task each. */
final class PartsJob {
    private final JavaSparkContext spark;
    private final AwqPlan plan;
    private final List<ShardPart> parts;
    private final List<RowBlock> blocks;
    private final Map<Integer, Folding> foldings;
    private final FolderReference source;
    private final List<PartSink> sinks;
    private final Factors factors;
    private final boolean clipped;
    private final AwqProgress progress;

    PartsJob(JavaSparkContext spark, AwqPlan plan, List<ShardPart> parts, List<RowBlock> blocks,
            Map<Integer, Folding> foldings, FolderReference source, List<PartSink> sinks, Factors factors,
            boolean clipped, AwqProgress progress) {
        this.spark = spark;
        this.plan = plan;
        this.parts = parts;
        this.blocks = blocks;
        this.foldings = foldings;
        this.source = source;
        this.sinks = sinks;
        this.factors = factors;
        this.clipped = clipped;
        this.progress = progress;
    }

    /** What a task that writes a part is given, besides the blocks. */
    private record PartInput(ShardPart part, Map<Integer, AwqItem> items, Map<Integer, Integer> units,
            Map<Integer, Folding> foldings, byte[] header, PartSink sink) implements Serializable {}

    /** The body of a task that writes a part. */
    private record Body(FolderReference source)
            implements Function2<TaskContext, Iterator<Tuple2<Integer, Serializable>>, PartTask.Outcome>, Serializable {
        @Override
        public PartTask.Outcome apply(TaskContext context, Iterator<Tuple2<Integer, Serializable>> given) {
            PartInput input = null;
            List<RoundedBlock> rounded = new ArrayList<>();
            while (given.hasNext()) {
                Serializable value = given.next()._2();
                if (value instanceof PartInput found) {
                    input = found;
                } else {
                    rounded.add((RoundedBlock) value);
                }
            }
            try {
                return PartTask.run(input.part(), input.items(), input.units(), input.foldings(), rounded,
                        input.header(), source.open(), input.sink(), TaskAttempt.number(context));
            } catch (IOException e) {
                throw new UncheckedIOException(e.getMessage(), e);
            }
        }
    }

    /**
     * Runs them.
     *
     * @return what came of each part, in their order
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    List<PartTask.Outcome> run() throws IOException {
        FolderReference checkpoint = source;
        Factors matrices = factors;
        boolean clip = clipped;
        JavaPairRDD<Integer, Serializable> rounded = spark.parallelize(blocks, Math.max(1, blocks.size()))
                .mapToPair(block -> new Tuple2<>(block.part(), round(block, checkpoint, matrices, clip)));
        JavaPairRDD<Integer, Serializable> inputs = spark.parallelize(inputs(), parts.size())
                .mapToPair(input -> new Tuple2<>(input.part().index(), input));
        JavaPairRDD<Integer, Serializable> gathered =
                rounded.union(inputs).partitionBy(new HashPartitioner(parts.size()));
        PartTask.Outcome[] outcomes = new PartTask.Outcome[parts.size()];
        Function2<Object, PartTask.Outcome, BoxedUnit> collector = (index, outcome) -> {
            outcomes[(Integer) index] = outcome;
            progress.advanced(outcome.bytesRead(), outcome.receipt().part().length());
            return BoxedUnit.UNIT;
        };
        List<Object> partitions = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            partitions.add(i);
        }
        try {
            spark.sc().runJob(gathered.rdd(), new Body(source),
                    CollectionConverters.asScala(partitions).toSeq(), collector,
                    ClassTag$.MODULE$.apply(PartTask.Outcome.class));
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        }
        return List.of(outcomes);
    }

    private static Serializable round(RowBlock block, FolderReference source, Factors factors, boolean clipped)
            throws IOException {
        try (Workers workers = TaskWorkers.open()) {
            return factors == null
                    ? BlockTask.run(block, source.open(), null, false, workers)
                    : InputMatrices.ofThisProcess().with(factors, block.input(), workers, matrices ->
                            BlockTask.run(block, source.open(), matrices, clipped, workers));
        }
    }

    private List<PartInput> inputs() {
        Map<Integer, Integer> units = new HashMap<>();
        for (int item = 0; item < plan.items().size(); item++) {
            if (plan.items().get(item) instanceof AwqItem.Packed) {
                units.put(item, units.size());
            }
        }
        List<PartInput> inputs = new ArrayList<>();
        for (ShardPart part : parts) {
            Map<Integer, AwqItem> items = new HashMap<>();
            Map<Integer, Integer> ofPart = new HashMap<>();
            Map<Integer, Folding> folded = new HashMap<>();
            for (ShardPart.Segment segment : part.segments()) {
                int item = segment.item();
                items.put(item, plan.items().get(item));
                if (units.containsKey(item)) {
                    ofPart.put(item, units.get(item));
                }
                if (foldings.containsKey(item)) {
                    folded.put(item, foldings.get(item));
                }
            }
            byte[] header = part.part().index() == 0 ? plan.shards().get(part.shard()).header() : new byte[0];
            inputs.add(new PartInput(part, items, ofPart, folded, header, sinks.get(part.shard())));
        }
        return inputs;
    }
}
