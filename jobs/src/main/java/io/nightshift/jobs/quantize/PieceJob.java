package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import scala.Function2;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.runtime.BoxedUnit;

import scala.reflect.ClassTag$;

/** Runs all pieces of a plan, one Spark task each, and stops at the first that cannot be made. */
final class PieceJob {
    private final JavaSparkContext spark;
    private final List<PieceInput> inputs;
    private final PieceRunner runner;
    private final Progress progress;

    PieceJob(JavaSparkContext spark, List<PieceInput> inputs, PieceRunner runner, Progress progress) {
        this.spark = spark;
        this.inputs = inputs;
        this.runner = runner;
        this.progress = progress;
    }

    /** The body of a task. */
    private record Body(PieceRunner runner)
            implements Function2<TaskContext, Iterator<PieceInput>, PieceOutcome>, Serializable {
        @Override
        public PieceOutcome apply(TaskContext context, Iterator<PieceInput> pieces) {
            try {
                return runner.run(pieces.next(), context);
            } catch (IOException e) {
                throw new UncheckedIOException(e.getMessage(), e);
            }
        }
    }

    /**
     * Runs them.
     *
     * @return what became of each piece, in the order of the pieces
     * @throws InvalidModelException if the input cannot be used
     * @throws IOException if a piece failed again and again
     */
    PieceOutcome.Finished[] run() throws IOException {
        PieceOutcome.Finished[] finished = new PieceOutcome.Finished[inputs.size()];
        AtomicReference<String> refused = new AtomicReference<>();
        String group = "nightshift-" + UUID.randomUUID();
        spark.setJobGroup(group, "quantize", true);
        JavaRDD<PieceInput> pieces = spark.parallelize(inputs, inputs.size());
        Function2<Object, PieceOutcome, BoxedUnit> collector = (index, outcome) -> {
            if (outcome instanceof PieceOutcome.Finished done) {
                finished[(Integer) index] = done;
                progress.advanced(done.bytesRead(), done.bytesWritten());
            } else if (outcome instanceof PieceOutcome.Refused refusal
                    && refused.compareAndSet(null, refusal.message())) {
                // What the other tasks make is of no use any more.
                spark.sc().cancelJobGroup(group);
            }
            return BoxedUnit.UNIT;
        };
        try {
            runJob(pieces.rdd(), collector);
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            if (refused.get() == null) {
                throw failure(e);
            }
        } finally {
            spark.clearJobGroup();
        }
        if (refused.get() != null) {
            throw new InvalidModelException(refused.get());
        }
        return finished;
    }

    private void runJob(RDD<PieceInput> pieces, Function2<Object, PieceOutcome, BoxedUnit> collector) {
        ClassTag<PieceOutcome> tag = ClassTag$.MODULE$.apply(PieceOutcome.class);
        List<Object> partitions = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            partitions.add(i);
        }
        spark.sc()
                .runJob(pieces, new Body(runner), CollectionConverters.asScala(partitions).toSeq(), collector, tag);
    }

    /** What a task failed with, rather than Spark's account of it. */
    private static IOException failure(Exception thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null && !(cause instanceof IOException)) {
            cause = cause.getCause();
        }
        String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new IOException(message.lines().filter(line -> !line.isBlank()).findFirst().orElse(message), thrown);
    }
}
