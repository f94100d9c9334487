package io.nightshift.jobs.quantize;

import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.TaskAttempt;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;

/** What is sent to executors: runs one piece within a Spark task. */
record PieceRunner(
        Broadcast<QuantizationPlan> plan,
        FolderReference source,
        List<PartSink> sinks,
        Broadcast<List<byte[]>> headers,
        Factors factors)
        implements Serializable {
    PieceOutcome run(PieceInput input, TaskContext context) throws IOException {
        // Headers hold the vocabulary, and only the first piece writes them.
        List<byte[]> needed = input.piece().index() == 0 ? headers.value() : List.of();
        return PieceTask.run(plan.value(), input, source.open(), sinks, needed, factors, TaskAttempt.number(context));
    }
}
