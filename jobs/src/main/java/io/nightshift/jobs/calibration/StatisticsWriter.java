package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.output.FileCommit;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Adds up what tasks saw of a layer, and writes it.
 *
 * @param output the folder of the statistics
 * @param plan the digest of what they are made of
 * @param kind how much is kept
 */
record StatisticsWriter(JavaSparkContext spark, OutputFolder output, String plan, StatisticsKind kind) {
    /**
     * Runs the tasks.
     *
     * @param outputs a group a partition, persisted
     * @return everything but Gram matrices and hidden states, of each group
     */
    List<LayerOutput.Summary> run(JavaRDD<LayerOutput> outputs) throws IOException {
        return new TaskRun(spark, "statistics").run(outputs, (group, given, attempt) -> summary(given));
    }

    private static LayerOutput.Summary summary(Iterator<LayerOutput> outputs) {
        LayerOutput.Summary summary = null;
        while (outputs.hasNext()) {
            if (outputs.next() instanceof LayerOutput.Summary found) {
                summary = found;
            }
        }
        return summary;
    }

    /**
     * Writes a layer's file.
     *
     * @param outputs with the blocks of its Gram matrices
     * @return the file's length
     */
    long write(LayerStatistics statistics, JavaRDD<LayerOutput> outputs) throws IOException {
        LayerFile layout = LayerFile.of(statistics.layer(), statistics.inputs(), kind);
        if (layout.blocks().count() == 0) {
            output.write(layout.name(), plan, layout.head());
            return layout.length();
        }
        OutputFile file = output.file(new OutputSpec(layout.name(), layout.length(), plan, layout.head()));
        Broadcast<byte[]> head = spark.broadcast(layout.head());
        try {
            PartSink sink = file.begin(layout.blocks().parts());
            List<PartReceipt> receipts =
                    new GramReduction(layout.blocks(), GramReduction.parts(layout), sink, head)
                            .run(spark, outputs);
            FileCommit.run(spark, file, receipts);
            return layout.length();
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            file.abort();
            throw e;
        } finally {
            head.destroy();
        }
    }
}
