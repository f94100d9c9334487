package io.nightshift.jobs.output;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Commits files that tasks wrote; where the store wants other parts than theirs, tasks join the seams before. */
public final class FileCommit {
    private FileCommit() {}

    /**
     * Commits a file.
     *
     * @param receipts one for each part, in any order
     * @throws IOException if the store refuses, or a task failed again and again
     */
    public static void run(JavaSparkContext spark, OutputFile file, List<PartReceipt> receipts) throws IOException {
        List<Seam> seams = file.seams(receipts);
        file.commit(receipts, new TaskRun(spark, "joining parts of " + file.spec().name()).each(seams, Seam::join));
    }

    /**
     * Refuses speculation where attempts at a part share its number.
     *
     * @throws InvalidModelException if both are switched on
     */
    public static void requireNoSpeculation(JavaSparkContext spark, OutputFolder folder) {
        if (folder.sharesPartNumbers() && spark.getConf().getBoolean("spark.speculation", false)) {
            throw new InvalidModelException("spark.speculation: with " + HadoopOutputStore.EQUAL + " or "
                    + HadoopOutputStore.CONSECUTIVE + " two attempts at a part would write to the same number; set"
                    + " spark.speculation=false");
        }
    }
}
