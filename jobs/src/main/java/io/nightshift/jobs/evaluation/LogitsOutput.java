package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.output.FileCommit;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A base-logits file that is made: tasks write the rows that they score, and the driver makes the file appear when all are
 * there. A task that is tried again, or runs twice, writes the same bytes.
 */
final class LogitsOutput {
    /** Of what the plan's digest is made. */
    private static final String METHOD = "base-logits 1";

    private final OutputFolder folder;
    private final String name;

    private LogitsOutput(OutputFolder folder, String name) {
        this.folder = folder;
        this.name = name;
    }

    /**
     * Looks at the place of the file.
     *
     * @throws InvalidModelException if it can be no file's
     * @throws IOException if the store does not answer, or something else is there
     */
    static LogitsOutput open(EvaluateRequest.SavedLogits wanted, HadoopSettings settings) throws IOException {
        StorageLocation location = StorageLocation.parse(wanted.location());
        StorageLocation parent = location.parent().orElseThrow(() ->
                new InvalidModelException(wanted.location() + ": is no place for a file; name one within it"));
        OutputFolder folder = OutputFolder.open(parent.text(), settings);
        if (!wanted.overwrite()) {
            folder.requireReplaceable(location.name());
        }
        return new LogitsOutput(folder, location.name());
    }

    /** Makes sure that all executors see the folder, and can write to it. */
    void requireShared(JavaSparkContext spark) throws IOException {
        FileCommit.requireNoSpeculation(spark, folder);
        if (folder.localPath().isPresent()) {
            SharedFolderCheck.requireShared(folder.localPath().get(), spark);
        }
    }

    /** What a task scored and wrote. */
    private record Written(TokenScores scores, List<PartReceipt> receipts) implements Serializable {}

    /**
     * Scores predictions and writes them.
     *
     * @param tokens of the text, as they are in it
     * @param madeFrom digest of the model
     * @param model where it is, for messages
     * @return the scores of the groups
     */
    List<TokenScores> write(JavaSparkContext spark, BaseLogits layout, List<int[]> tokens, String madeFrom,
            SequenceGroup[] groups, String model, Predictor.Pass pass, ScoreTask task) throws IOException {
        byte[] head = layout.head(tokens);
        String plan = new Sha256().add(METHOD).add(madeFrom).add(head).hexadecimal();
        OutputFile file = folder.file(new OutputSpec(
                name, layout.length(), plan, Arrays.copyOf(head, BaseLogits.HEADER_LENGTH)));
        List<List<Part>> parts = LogitsParts.plan(layout, groups);
        Broadcast<byte[]> shared = spark.broadcast(head);
        try {
            PartSink sink = file.begin(parts.stream().mapToInt(List::size).sum());
            List<Written> written = new TaskRun(spark, "base logits").run(pass.predictions(), (group, given, attempt) -> {
                try (LogitsWriter writer = new LogitsWriter(layout, sink, parts.get(group), shared.value(), attempt)) {
                    TokenScores scores = task.score(given.next(), writer);
                    return new Written(scores, writer.receipts());
                }
            });
            List<TokenScores> scores = written.stream().map(Written::scores).toList();
            EvaluateJob.finite(ScoreSummary.of(model, scores));
            FileCommit.run(spark, file, written.stream().flatMap(each -> each.receipts().stream()).toList());
            return scores;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            file.abort();
            throw e;
        } finally {
            shared.destroy();
        }
    }
}
