package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.quantize.PartInput.Segment;
import io.nightshift.jobs.quantize.PartInput.Work;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * Rounds, packs and writes outputs that are made together: one Spark task a piece; where layers are gathered, one a block of
 * their rows before that, and a shuffle brings the blocks to the pieces.
 */
final class WritePhase {
    private final JavaSparkContext spark;
    private final FolderReference source;
    private final Optional<Factors> factors;
    private final List<PreparedOutput> outputs;
    private final List<CutFiles> cuts = new ArrayList<>();
    private final List<RowBlock> blocks = new ArrayList<>();
    private int pieces;

    /** Files that are cut alike: one of each output that shares pieces, or one file of one output. */
    private record CutFiles(List<PreparedOutput> outputs, int file, int firstPiece, List<Piece> pieces) {
        LaidOutFile laidOut(int output) {
            return outputs.get(output).laidOut().layout().files().get(file);
        }
    }

    /**
     * What came of it.
     *
     * @param results of each piece
     * @param blocks blocks of rows that were rounded in tasks of their own
     */
    record Written(List<PartResult> results, int blocks) {}

    /**
     * Cuts outputs into pieces.
     *
     * @param outputs cut alike, or a single one
     * @param partSize most bytes of a part, about
     */
    WritePhase(JavaSparkContext spark, FolderReference source, Optional<Factors> factors, List<PreparedOutput> outputs,
            long partSize) {
        this.spark = spark;
        this.source = source;
        this.factors = factors;
        this.outputs = outputs;
        PreparedOutput first = outputs.get(0);
        int files = first.laidOut().layout().files().size();
        long share = outputs.stream()
                .mapToLong(output -> output.laidOut().layout().files().stream().mapToLong(LaidOutFile::length).sum())
                .max()
                .orElseThrow();
        for (int file = 0; file < files; file++) {
            int index = file;
            List<LaidOutFile> alike =
                    outputs.stream().map(output -> output.laidOut().layout().files().get(index)).toList();
            List<Piece> cut = PartPlanner.plan(
                    alike,
                    item -> outputs.stream().anyMatch(output ->
                            output.isWhole(output.laidOut().layout().files().get(index).items().get(item))),
                    partSize, share, spark.defaultParallelism());
            cuts.add(new CutFiles(outputs, file, pieces, cut));
            pieces += cut.size();
        }
        cuts.forEach(this::addBlocks);
        // The costliest inputs first, those of an input one after another: tasks share its matrices.
        blocks.sort(Comparator.comparing((RowBlock block) -> -block.item().linear().inputs())
                .thenComparing(block -> block.treatment().isMeasured() ? block.treatment().input(0).name() : "")
                .thenComparing(block -> block.item().name())
                .thenComparing(RowBlock::from));
    }

    /** Tasks that round and write an output of these files, as far as no scales are folded into tensors that are kept. */
    static int tasks(OutputLayout layout, long partSize, int cores) {
        long share = layout.files().stream().mapToLong(LaidOutFile::length).sum();
        int tasks = 0;
        for (LaidOutFile file : layout.files()) {
            tasks += PartPlanner.plan(List.of(file), item -> file.items().get(item) instanceof Item.Gathered, partSize,
                    share, cores).size();
            for (Item item : file.items()) {
                if (item instanceof Item.Gathered layer) {
                    tasks += RowBlocks.of(layer, layer.encoding(), Treatment.NONE, 0).size();
                }
            }
        }
        return tasks;
    }

    private void addBlocks(CutFiles cut) {
        for (int piece = 0; piece < cut.pieces().size(); piece++) {
            for (Stretch stretch : cut.pieces().get(piece).stretches()) {
                if (cut.laidOut(0).items().get(stretch.item()) instanceof Item.Gathered item) {
                    PreparedOutput output = cut.outputs().get(0);
                    blocks.addAll(RowBlocks.of(
                            item, output.encoding(item), output.ofGathered(item), cut.firstPiece() + piece));
                }
            }
        }
    }

    /** Tasks that write. */
    int pieces() {
        return pieces;
    }

    /**
     * Writes the parts, and commits the files.
     *
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again, or a commit; files that are not committed are gone then
     */
    Written run(Progress progress) throws IOException {
        try {
            List<PartInput> inputs = inputs();
            long bytes = outputs.stream()
                    .flatMap(output -> output.laidOut().layout().files().stream())
                    .mapToLong(LaidOutFile::length)
                    .sum();
            if (!outputs.get(0).options().propagates()) {
                progress.found(outputs.get(0).kept().count(blocks.stream().map(RowBlock::name).toList()), blocks.size(),
                        "blocks of rows");
            }
            progress.started(pieces, bytes);
            List<PartResult> results = blocks.isEmpty() ? write(inputs, progress) : gather(inputs, progress);
            for (PreparedOutput output : outputs) {
                progress.committing(output.writer().location());
            }
            for (CutFiles cut : cuts) {
                commit(cut, results, spark);
            }
            return new Written(results, blocks.size());
        } catch (IOException | RuntimeException e) {
            outputs.forEach(output -> output.writer().abort(e));
            throw e;
        } finally {
            progress.stopped();
        }
    }

    private List<PartInput> inputs() throws IOException {
        List<PartInput> inputs = new ArrayList<>();
        for (CutFiles cut : cuts) {
            List<PartSink> sinks = new ArrayList<>();
            for (PreparedOutput output : cut.outputs()) {
                sinks.add(output.writer().begin(cut.file(), cut.pieces().size()));
            }
            for (int piece = 0; piece < cut.pieces().size(); piece++) {
                inputs.add(input(cut, piece, sinks));
            }
        }
        return inputs;
    }

    private static PartInput input(CutFiles cut, int number, List<PartSink> sinks) {
        Piece piece = cut.pieces().get(number);
        List<PartInput.Output> parts = new ArrayList<>();
        for (int i = 0; i < cut.outputs().size(); i++) {
            byte[] header = number == 0 ? cut.laidOut(i).header() : new byte[0];
            parts.add(new PartInput.Output(
                    cut.outputs().get(i).number(), cut.file(), piece.parts().get(i), sinks.get(i), header));
        }
        List<Segment> segments = new ArrayList<>();
        for (Stretch stretch : piece.stretches()) {
            List<Work> works = new ArrayList<>();
            for (int i = 0; i < cut.outputs().size(); i++) {
                Item item = cut.laidOut(i).items().get(stretch.item());
                works.add(cut.outputs().get(i).work(item, stretch.from(), stretch.to()));
            }
            segments.add(new Segment(stretch.from(), stretch.to(), stretch.item(), works));
        }
        return new PartInput(parts, segments);
    }

    private String description() {
        return "writing " + String.join(", ", outputs.stream().map(PreparedOutput::name).toList());
    }

    private List<PartResult> write(List<PartInput> inputs, Progress progress) throws IOException {
        FolderReference checkpoint = source;
        Factors shared = factors.orElse(null);
        return new TaskRun(spark, description()).run(
                spark.parallelize(inputs, inputs.size()),
                (partition, given, attempt) ->
                        PartTask.run(given.next(), List.of(), checkpoint.open(), shared, attempt),
                (partition, result) -> progress.advanced(result.bytesRead(), result.bytesWritten()));
    }

    private List<PartResult> gather(List<PartInput> inputs, Progress progress) throws IOException {
        FolderReference checkpoint = source;
        Factors shared = factors.orElse(null);
        int output = outputs.get(0).number();
        KeptResults kept = outputs.get(0).kept();
        boolean propagated = outputs.get(0).options().propagates();
        TaskRun job = new TaskRun(spark, description());
        JavaRDD<Tuple2<Integer, Serializable>> rounded = spark.parallelize(blocks, blocks.size())
                .flatMap(job.refusing(block -> {
                    try (Workers workers = TaskWorkers.open()) {
                        RoundedBlock made = propagated
                                ? PropagatePhase.rounded(block, kept)
                                : kept.get(block.name(), RoundedBlock.class,
                                        () -> BlockTask.run(block, output, checkpoint.open(), shared, workers));
                        Tuple2<Integer, Serializable> addressed = new Tuple2<>(block.part(), made);
                        return List.of(addressed).iterator();
                    }
                }));
        List<Tuple2<Integer, Serializable>> addressed = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            addressed.add(new Tuple2<>(i, inputs.get(i)));
        }
        JavaRDD<Tuple2<Integer, Serializable>> gathered = rounded
                .union(spark.parallelize(addressed, inputs.size()))
                .mapToPair(pair -> pair)
                .partitionBy(new HashPartitioner(inputs.size()))
                .map(pair -> pair);
        return job.run(
                gathered,
                (partition, given, attempt) -> {
                    PartInput input = null;
                    List<RoundedBlock> ofPart = new ArrayList<>();
                    while (given.hasNext()) {
                        Serializable value = given.next()._2();
                        if (value instanceof PartInput found) {
                            input = found;
                        } else {
                            ofPart.add((RoundedBlock) value);
                        }
                    }
                    return PartTask.run(input, ofPart, checkpoint.open(), shared, attempt);
                },
                (partition, result) -> progress.advanced(result.bytesRead(), result.bytesWritten()));
    }

    private static void commit(CutFiles cut, List<PartResult> results, JavaSparkContext spark) throws IOException {
        for (int i = 0; i < cut.outputs().size(); i++) {
            List<PartReceipt> receipts = new ArrayList<>();
            for (int piece = 0; piece < cut.pieces().size(); piece++) {
                receipts.add(results.get(cut.firstPiece() + piece).receipts().get(i));
            }
            cut.outputs().get(i).writer().commit(cut.file(), receipts, spark);
        }
    }
}
