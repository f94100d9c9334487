package io.nightshift.jobs.forward;

import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.statistics.ModelDigest;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** What tells a checkpoint apart from others. It takes some of the weights, so that a task reads it, not the driver. */
public final class SourceDigest {
    private SourceDigest() {}

    /**
     * The digest of {@link ModelDigest}.
     *
     * @param source the checkpoint
     * @throws io.nightshift.formats.InvalidModelException if it cannot be used
     * @throws IOException if it cannot be read, or is in a local folder that executors do not see
     */
    public static String of(FolderReference source, JavaSparkContext spark) throws IOException {
        SharedFolderCheck.requireSeen(source.location(), "config.json", spark);
        return new TaskRun(spark, "digest of " + source.location().text())
                .each(List.of(source), folder -> ModelDigest.of(Checkpoint.open(folder.open())))
                .get(0);
    }
}
